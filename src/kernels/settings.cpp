// SPDX-License-Identifier: MIT
#include "kernels/settings.h"

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace mlxaudio::kernels {
namespace {

bool from_environment() {
  const char* value = std::getenv("MLXAUDIO_KERNELS");
  return value == nullptr || std::string_view(value) != "off";
}

/// A setting of the process, like the device that MLX computes on.
std::atomic<bool>& flag() {
  static std::atomic<bool> on{from_environment()};
  return on;
}

} // namespace

bool enabled() {
  return flag().load(std::memory_order_relaxed);
}

void set_enabled(bool on) {
  flag().store(on, std::memory_order_relaxed);
}

} // namespace mlxaudio::kernels
