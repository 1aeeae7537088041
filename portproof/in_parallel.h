// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace portproof {

/// As many threads as there are processors, within reason.
inline unsigned processors() {
  return std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
}

/// Calls `work(i)` for each i below `count`, in as many threads as `jobs` says,
/// this one among them. The first thing that one throws is thrown on when all
/// have ended; nothing further is begun then.
template <class Work>
void in_parallel(std::size_t count, unsigned jobs, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex failing;
  std::exception_ptr failure;
  const auto take = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(failing);
        failure = failure ? failure : std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < jobs && i < count; ++i) {
      others.emplace_back(take);
    }
    take();
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

} // namespace portproof
