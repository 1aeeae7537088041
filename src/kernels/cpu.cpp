// SPDX-License-Identifier: MIT
#include "kernels/cpu.h"

#include "kernels/simd.h"

#include "hwy/highway.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "mlxaudio/error.h"

namespace mlxaudio::kernels {
namespace {

struct Name {
  Isa isa;
  const char* name;
  std::int64_t target; ///< Highway's bit
};

constexpr Name kNames[] = {
    {Isa::scalar, "scalar", HWY_SCALAR},
#if defined(__x86_64__)
    {Isa::sse4, "sse4", HWY_SSE4},
    {Isa::avx2, "avx2", HWY_AVX2},
    {Isa::avx512, "avx512", HWY_AVX3},
#elif defined(__aarch64__)
    {Isa::neon, "neon", HWY_NEON},
#endif
};

const Name* find(Isa isa) {
  const auto* found =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& n) {
        return n.isa == isa;
      });
  return found == std::end(kNames) ? nullptr : found;
}

/// Whether the processor has a set and kernels were compiled for it.
bool usable(const Name& name) {
  return (hwy::SupportedTargets() & HWY_TARGETS & name.target) != 0;
}

std::string names_of(const std::vector<Isa>& isas) {
  std::vector<std::string> names;
  for (const Isa isa : isas) {
    names.push_back(name_of(isa));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Leaves Highway this one target. It may know more (AVX3_SPR, AVX3_ZEN4 of
/// its newer versions), whose layouts of panels are not those of our
/// intrinsics.
void use(Isa isa) {
  hwy::SetSupportedTargetsForTest(find(isa)->target);
  hwy::GetChosenTarget().DeInit();
}

Isa from_environment() {
  const auto isas = available_isas();
  const char* value = std::getenv("MLXAUDIO_ISA");
  if (value == nullptr || *value == '\0') {
    use(isas.back());
    return isas.back();
  }
  for (const Isa isa : isas) {
    if (name_of(isa) == value) {
      use(isa);
      return isa;
    }
  }
  throw ArgumentError(fmt::format(
      "[kernels.cpu] MLXAUDIO_ISA is '{}': this processor has {}",
      value,
      names_of(isas)));
}

/// A setting of the process, as Highway's own choice is.
Isa& chosen() {
  static Isa isa = from_environment();
  return isa;
}

} // namespace

std::string name_of(Isa isa) {
  constexpr const char* kAll[] = {"scalar", "sse4", "neon", "avx2", "avx512"};
  return kAll[static_cast<int>(isa)];
}

std::vector<Isa> available_isas() {
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found;
    for (const Name& name : kNames) {
      if (usable(name)) {
        found.push_back(name.isa);
      }
    }
    return found;
  }();
  return isas;
}

Isa isa() {
  return chosen();
}

void set_isa(Isa isa) {
  const auto isas = available_isas();
  if (std::find(isas.begin(), isas.end(), isa) == isas.end()) {
    throw ArgumentError(fmt::format(
        "[kernels.cpu] no kernels for {}: this processor has {}",
        name_of(isa),
        names_of(isas)));
  }
  use(isa);
  chosen() = isa;
}

} // namespace mlxaudio::kernels
