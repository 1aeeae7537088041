// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace mlxaudio::whisper {

/// Which of the generator's draws belong to the decoding of one window.
/// docs/sampling.md defines them.
struct Draws {
  std::uint64_t seed = 0;
  std::uint32_t window = 0;  ///< windows that were decoded before this one
  std::uint32_t attempt = 0; ///< temperatures that were tried before this one

  /// The draw of one row of the batch at one step of the decoding.
  /// \return in [0, 1)
  double uniform(std::uint32_t row, std::uint32_t step) const;
};

/// The first token whose cumulative probability is above `u`.
///
/// \param logits of one step; their softmax at `temperature` is sampled
/// \param temperature above 0
/// \param u in [0, 1)
/// \throws ArgumentError if no token is possible
int sample(std::span<const float> logits, double temperature, double u);

} // namespace mlxaudio::whisper
