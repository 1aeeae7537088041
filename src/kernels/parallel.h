// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "kernels/threads.h"

namespace mlxaudio::kernels {

/// Calls f(0) ... f(n - 1), on the team's threads if `threaded`. What f(i)
/// computes must not depend on who computes the rest. f may not throw.
template <class Function>
void parallel_for(std::size_t n, bool threaded, const Function& f) {
  [[maybe_unused]] const int team = threaded ? threads() : 1;
  const auto count = static_cast<std::ptrdiff_t>(n);
#pragma omp parallel for schedule(dynamic) num_threads(team) if (team > 1)
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    f(static_cast<std::size_t>(i));
  }
}

/// The same with scratch memory for each thread, made by `make`. f(i, scratch).
template <class Scratch, class Make, class Function>
void parallel_for_with(std::size_t n, const Make& make, const Function& f) {
  [[maybe_unused]] const int team = threads();
  const auto count = static_cast<std::ptrdiff_t>(n);
#pragma omp parallel num_threads(team) if (team > 1 && count > 1)
  {
    const Scratch scratch = make();
#pragma omp for schedule(dynamic)
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      f(static_cast<std::size_t>(i), scratch);
    }
  }
}

} // namespace mlxaudio::kernels
