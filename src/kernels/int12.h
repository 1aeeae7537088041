// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/linear.h"

/// Weights of 12 bits.
namespace mlxaudio::kernels {

/// Columns of which the greatest is told from the others.
inline constexpr std::size_t kScreened = 2048;

/// Where weights go that are rounded: see `Int12Weights`.
struct Int12Room {
  std::int8_t* high = nullptr;
  std::uint8_t* low = nullptr;
  float* scales = nullptr;
  float* errors = nullptr;
};

/// Rounds weights [out, in] to 12 bits: the greatest of a group is 2039, so
/// that its high bits, rounded, are at most 127. A group with a number that is
/// not finite is worth NaN.
void quantize_int12(
    const Numbers& weight,
    std::size_t out,
    std::size_t in,
    const Int12Room& to);

/// Numbers [k, k + n) of a row of weights, in one half of a group.
void dequantize(
    const Int12Weights& weights,
    std::size_t in,
    std::size_t row,
    std::size_t k,
    std::size_t n,
    float* to);

/// `matvec` of a task with such weights: each is read once.
void matvec_int12(const Linear& task);

/// The same where only the greatest of a row matters: x W^T with the high bits
/// and the mean of the low ones, and as `matvec_int12` has it, bit for bit,
/// where a column may be the greatest of its kScreened neighbours. It may not
/// where `errors`, times the norm of x, do not lift it so far: so the greatest
/// of them are the ones of `matvec_int12`, and others are off by no more.
/// \param task at most kMatvecRows rows, without bias, GELU and residual
void scores_int12(const Linear& task);

} // namespace mlxaudio::kernels
