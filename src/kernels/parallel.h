// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <vector>

#include "kernels/team.h"
#include "kernels/threads.h"

namespace mlxaudio::kernels {

/// Calls f(0, scratch) ... f(n - 1, scratch) on the team's threads, each with
/// scratch memory of its own, made by `make` before the first of the calls.
/// What f(i) computes must not depend on who computes the rest. f may not
/// throw; what `make` throws is handed on.
template <class Scratch, class Make, class Function>
void parallel_for_with(std::size_t n, const Make& make, const Function& f) {
  const std::size_t size = std::min(static_cast<std::size_t>(threads()), n);
  std::vector<Scratch> memory;
  memory.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    memory.push_back(make());
  }
  std::atomic<std::size_t> next{0}, place{0};
  const auto take = [&] {
    std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
    if (i >= n) {
      return;
    }
    const Scratch& scratch =
        memory[place.fetch_add(1, std::memory_order_relaxed)];
    for (; i < n; i = next.fetch_add(1, std::memory_order_relaxed)) {
      f(i, scratch);
    }
  };
  if (size > 1) {
    Team::shared().run(static_cast<int>(size), take);
  } else {
    take();
  }
}

/// Calls f(0) ... f(n - 1), on the team's threads if `threaded`. What f(i)
/// computes must not depend on who computes the rest. f may not throw.
template <class Function>
void parallel_for(std::size_t n, bool threaded, const Function& f) {
  if (!threaded) {
    for (std::size_t i = 0; i < n; ++i) {
      f(i);
    }
    return;
  }
  struct Nothing {};
  parallel_for_with<Nothing>(
      n,
      [] { return Nothing{}; },
      [&f](std::size_t i, const Nothing&) { f(i); });
}

} // namespace mlxaudio::kernels
