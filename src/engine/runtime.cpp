// SPDX-License-Identifier: MIT
#include "engine/runtime.h"

#include <mutex>
#include <optional>

#include <fmt/format.h>
#include <mlx/device.h>
#include <mlx/memory.h>

#include "kernels/compute.h"
#include "kernels/memory.h"
#include "kernels/threads.h"
#include "mlxaudio/error.h"

namespace mx = mlx::core;

namespace mlxaudio::engine {

namespace {

/// What MLX keeps of freed memory: enough for the temporaries of one window, so
/// that a service with many models does not hoard. On a processor the C library
/// keeps it where it can, and serves arrays of other sizes with it too.
constexpr std::size_t kCacheLimit = std::size_t{1} << 30;

const char* name_of(Device device) {
  return device == Device::gpu ? "gpu" : "cpu";
}

} // namespace

void start_runtime(const LoadOptions& options) {
  static std::mutex mutex;
  static std::optional<Device> started;

  const std::lock_guard lock(mutex);
  if (!started) {
    const auto device =
        options.device == Device::gpu ? mx::Device::gpu : mx::Device::cpu;
    if (!mx::is_available(device)) {
      throw UnsupportedError(fmt::format(
          "[load] this build of MLX finds no {}: load the model on the cpu, "
          "or build with an SDK for your device",
          name_of(options.device)));
    }
    kernels::set_threads(options.threads);
    const bool kept = kernels::keep_freed_memory();
    mx::set_default_device(device);
    mx::set_cache_limit(kept && device == mx::Device::cpu ? 0 : kCacheLimit);
    started = options.device;
    return;
  }
  if (options.device != *started) {
    throw ArgumentError(fmt::format(
        "[load] device {}: this process runs on the {}, as its first model "
        "does; use another process",
        name_of(options.device),
        name_of(*started)));
  }
  if (options.threads != 0 && options.threads != kernels::threads()) {
    throw ArgumentError(fmt::format(
        "[load] threads {}: this process runs on {}, as its first model "
        "chose; leave threads at 0",
        options.threads,
        kernels::threads()));
  }
}

Compute compute_of(const LoadOptions& options) {
  if (options.device == Device::cpu) {
    return kernels::resolve(options.compute);
  }
  if (options.compute != Compute::f32 &&
      options.compute != Compute::automatic) {
    throw UnsupportedError(fmt::format(
        "[load] compute {}: a gpu computes in the weights' type: leave it out "
        "(--compute auto), or load the model on the cpu",
        kernels::name_of(options.compute)));
  }
  return Compute::f32;
}

} // namespace mlxaudio::engine
