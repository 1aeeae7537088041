// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mlxaudio/audio.h"

namespace mlxaudio {

/// Brings mono samples from one rate to another, in blocks.
///
/// libsoxr at very high quality, linear phase, no delay: sample k of the output
/// is the sound at k / out_rate. n samples become ceil(n * out_rate / in_rate).
class Resampler {
 public:
  /// \unit Hz
  /// \throws AudioError for a rate outside 1 kHz to 3 MHz
  Resampler(int in_rate, int out_rate);
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;
  ~Resampler();

  /// Appends to `out` what is ready after these samples.
  void process(std::span<const float> in, std::vector<float>& out);

  /// Appends the rest. Nothing may follow.
  void finish(std::vector<float>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Brings whole audio to another rate, without rounding to 16 bit.
Audio resample(const Audio& audio, int sample_rate);

} // namespace mlxaudio
