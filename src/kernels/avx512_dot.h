// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/reduced_kind.h"

/// Kinds of products by instructions that Highway 1.0.3 does not offer. To be
/// called only where `has_int8_dot()` or `has_bf16_dot()`; elsewhere than on
/// x86-64 they do not exist.
namespace mlxaudio::kernels::avx512 {

#if defined(__x86_64__)

/// AVX512_VNNI: sums of two products of 16 bits. `prepare` and `pack` are
/// Highway's for AVX-512: see reduced.cpp.
void multiply_int8(
    const ReducedRows& x,
    std::size_t rows,
    std::size_t groups,
    const ReducedPanel& panel,
    float* sums);

/// AVX512_BF16.
void prepare_bf16(const float* x, std::size_t in, const ReducedRows& to);
void pack_bf16(
    const Linear& task,
    const Int8Weights& weights,
    std::size_t column,
    std::size_t columns,
    const ReducedPanel& to);
void multiply_bf16(
    const ReducedRows& x,
    std::size_t rows,
    std::size_t groups,
    const ReducedPanel& panel,
    float* sums);

#endif

} // namespace mlxaudio::kernels::avx512
