// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mlxaudio/compute.h"

namespace mlxaudio::kernels {

/// Whether kernels may use AVX512_VNNI's sums of products: this processor has
/// them, and `isa()` is avx512.
bool has_int8_dot();

/// Whether kernels may use sums of two products of bf16 (AVX512_BF16).
bool has_bf16_dot();

/// "f32", "bf16", "int8" or "auto".
std::string name_of(Compute compute);

/// Those that this processor computes in, from the most exact.
std::vector<Compute> available_computes();

/// What `compute` means on this processor: `automatic` is int8 where there is
/// `has_int8_dot()` and kernels are `enabled()`, else f32. Without them int8
/// gains too little, or nothing, to differ in words without being asked for.
/// \throws UnsupportedError for bf16 without `has_bf16_dot()` \throws
///   ArgumentError as `isa()` does
Compute resolve(Compute compute);

} // namespace mlxaudio::kernels
