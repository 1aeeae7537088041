// SPDX-License-Identifier: MIT
#include "kernels/info.h"

#include <array>
#include <atomic>

#include "kernels/blas/forward.h"
#include "kernels/cpu.h"
#include "kernels/settings.h"
#include "kernels/threads.h"
#include "mlx/device.h"

namespace mlxaudio::kernels {
namespace {

constexpr const char* kOps[] = {
    "linear",       "linear_bf16",  "linear_int8",    "linear_affine",
    "matvec",       "matvec_int8",  "matvec_affine",  "take_affine",
    "linear_int12", "matvec_int12", "take_int12",     "scores_int12",
    "conv1d",       "attention",    "attention_step", "gelu",
    "softmax",      "layer_norm",   "log_mel",        "logits",
    "append",       "narrow"};
constexpr std::size_t kOpCount = std::size(kOps);

struct Counter {
  std::atomic<std::uint64_t> kernel{0};
  std::atomic<std::uint64_t> composite{0};
};

/// Counts of the process.
std::array<Counter, kOpCount>& counters() {
  static std::array<Counter, kOpCount> all;
  return all;
}

/// Counts an answer.
bool choose_kernel(Op op, bool kernel) {
  if (kernel) {
    // So that a wrong MLXAUDIO_ISA is an error here, where it can be thrown.
    isa();
  }
  auto& counter = counters()[static_cast<std::size_t>(op)];
  auto& count = kernel ? counter.kernel : counter.composite;
  count.fetch_add(1, std::memory_order_relaxed);
  return kernel;
}

} // namespace

Info info() {
  Info result;
  result.enabled = enabled();
  result.isa = name_of(isa());
  result.threads = threads();
  result.blas = mlxaudio_blas_name();
  result.blas_calls = mlxaudio_blas_calls();
  for (std::size_t i = 0; i < kOpCount; ++i) {
    const auto& counter = counters()[i];
    result.ops.push_back({kOps[i], counter.kernel, counter.composite});
  }
  return result;
}

bool choose(Op op, bool fits) {
  return choose_kernel(
      op,
      fits && enabled() &&
          mlx::core::default_device() == mlx::core::Device::cpu);
}

bool choose_on_host(Op op) {
  return choose_kernel(op, enabled());
}

} // namespace mlxaudio::kernels
