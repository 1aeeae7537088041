// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace mlxaudio {

/// Mono audio.
struct Audio {
  std::vector<float> samples; ///< in [-1, 1]
  int sample_rate = 16000;    ///< Hz
};

} // namespace mlxaudio
