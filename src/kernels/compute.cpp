// SPDX-License-Identifier: MIT
#include "kernels/compute.h"

#include "fmt/format.h"
#include "kernels/cpu.h"
#include "kernels/settings.h"
#include "mlxaudio/error.h"

namespace mlxaudio::kernels {

bool has_int8_dot() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx512vnni") != 0 &&
                          __builtin_cpu_supports("avx512bw") != 0;
  return has && isa() == Isa::avx512;
#else
  return false;
#endif
}

bool has_bf16_dot() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx512bf16") != 0 &&
                          __builtin_cpu_supports("avx512bw") != 0;
  return has && isa() == Isa::avx512;
#else
  return false;
#endif
}

std::string name_of(Compute compute) {
  constexpr const char* kAll[] = {"f32", "bf16", "int8", "auto"};
  return kAll[static_cast<int>(compute)];
}

std::vector<Compute> available_computes() {
  std::vector<Compute> found = {Compute::f32};
  if (has_bf16_dot()) {
    found.push_back(Compute::bf16);
  }
  found.push_back(Compute::int8);
  return found;
}

Compute resolve(Compute compute) {
  // Whatever it is: a wrong MLXAUDIO_ISA is an error before weights are packed.
  isa();
  if (compute == Compute::automatic) {
    return enabled() && has_int8_dot() ? Compute::int8 : Compute::f32;
  }
  if (compute == Compute::bf16 && !has_bf16_dot()) {
    throw UnsupportedError(fmt::format(
        "[kernels.compute] bf16: kernels use {} here, which does not multiply "
        "it: compute in f32 (--compute f32)",
        name_of(isa())));
  }
  return compute;
}

} // namespace mlxaudio::kernels
