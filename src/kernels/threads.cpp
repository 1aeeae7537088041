// SPDX-License-Identifier: MIT
#include "kernels/threads.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "fmt/format.h"
#include "kernels/blas/forward.h"
#include "mlxaudio/error.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace mlxaudio::kernels {
namespace {

/// A setting of the process; 0 until it is set.
std::atomic<int>& setting() {
  static std::atomic<int> n{0};
  return n;
}

#if defined(__linux__)
/// Which core a processor belongs to, by (package, core); its own number where
/// the system does not say.
std::pair<int, int> core_of(int processor) {
  const auto read = [&](const char* what) {
    std::ifstream file(fmt::format(
        "/sys/devices/system/cpu/cpu{}/topology/{}",
        processor,
        what));
    int value = -1;
    file >> value;
    return value;
  };
  const int core = read("core_id");
  return core < 0 ? std::pair(-1, processor)
                  : std::pair(read("physical_package_id"), core);
}

int count_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
    return 0;
  }
  std::set<std::pair<int, int>> cores;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &allowed)) {
      cores.insert(core_of(i));
    }
  }
  return static_cast<int>(cores.size());
}
#else
int count_cores() {
  return 0;
}
#endif

} // namespace

int physical_cores() {
  static const int cores = [] {
    const int counted = count_cores();
    return counted > 0
               ? counted
               : std::max(
                     1,
                     static_cast<int>(std::thread::hardware_concurrency()));
  }();
  return cores;
}

int threads() {
  const int n = setting().load(std::memory_order_relaxed);
  return n > 0 ? n : physical_cores();
}

void set_threads(int n) {
  constexpr int kMost = 1024;
  if (n < 0 || n > kMost) {
    throw ArgumentError(fmt::format(
        "[kernels.threads] expected 0 to {} threads, got {}",
        kMost,
        n));
  }
  setting().store(n, std::memory_order_relaxed);
  mlxaudio_blas_set_threads(threads());
}

} // namespace mlxaudio::kernels
