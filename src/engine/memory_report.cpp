// SPDX-License-Identifier: MIT
#include "engine/memory_report.h"

#include <sys/resource.h>

#include <fstream>
#include <sstream>
#include <string>

#include <mlx/memory.h>

namespace mx = mlx::core;

namespace mlxaudio::engine {
namespace {

/// Linux tells it in kB, a name and a number on each line.
std::optional<MemoryReport::Resident> read_resident() {
  constexpr std::size_t kKilobyte = 1024;
  std::ifstream status("/proc/self/status");
  std::optional<std::size_t> anonymous, files;
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    std::size_t kilobytes = 0;
    if (words >> name >> kilobytes) {
      if (name == "RssAnon:") {
        anonymous = kilobytes * kKilobyte;
      } else if (name == "RssFile:") {
        files = kilobytes * kKilobyte;
      }
    }
  }
  if (!anonymous || !files) {
    return std::nullopt;
  }
  return MemoryReport::Resident{*anonymous, *files};
}

} // namespace

std::size_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  constexpr std::size_t kUnit = 1;
#else
  constexpr std::size_t kUnit = 1024;
#endif
  return static_cast<std::size_t>(usage.ru_maxrss) * kUnit;
}

MemoryReport memory_report() {
  return {
      .weights_in_place = memory_held(MemoryFor::weights_in_place),
      .weights_copied = memory_held(MemoryFor::weights_copied),
      .mlx = {mx::get_active_memory(), mx::get_peak_memory()},
      .mlx_cache = mx::get_cache_memory(),
      .audio = memory_held(MemoryFor::audio),
      .scratch = memory_held(MemoryFor::scratch),
      .peak = peak_memory(),
      .resident = read_resident()};
}

} // namespace mlxaudio::engine
