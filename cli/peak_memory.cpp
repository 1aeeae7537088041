// SPDX-License-Identifier: MIT
#include "cli/peak_memory.h"

#include <sys/resource.h>

namespace mlxaudio::cli {

double peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  constexpr double kUnit = 1.0;
#else
  constexpr double kUnit = 1024.0;
#endif
  return static_cast<double>(usage.ru_maxrss) * kUnit;
}

} // namespace mlxaudio::cli
