// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace mlxaudio::cli {

/// Time since it was made.
class Stopwatch {
 public:
  /// \unit s
  double seconds() const {
    return std::chrono::duration<double>(Clock::now() - begin_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

} // namespace mlxaudio::cli
