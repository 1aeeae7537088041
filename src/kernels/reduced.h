// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/linear.h"

/// Products in fewer bits than f32.
namespace mlxaudio::kernels {

/// Inputs that share a scale, of weights and of what they are multiplied with:
/// one large number costs the digits of its group alone.
inline constexpr std::size_t kGroup = 32;

/// What the greatest of a group becomes: weights have 8 bits. What they are
/// multiplied with has 12, of which the sum of a group is exact in f32 too.
inline constexpr int kGreatestWeight = 127, kGreatestInput = 2047;

inline constexpr std::size_t groups_of(std::size_t in) {
  return (in + kGroup - 1) / kGroup;
}

/// Weights of 8 bits, -127 to 127, times the scale of their group.
struct Int8Weights {
  const std::int8_t* values = nullptr; ///< [out, groups * kGroup], 0 past `in`
  const float* scales = nullptr;       ///< [out, groups]
};

/// Rounds weights [out, in] to 8 bits: the greatest of a group is 127.
/// \param values [out, groups * kGroup] \param scales [out, groups]
void quantize(
    const Numbers& weight,
    std::size_t out,
    std::size_t in,
    std::int8_t* values,
    float* scales);

/// The same of weights in MLX's quantization, by what they are worth.
void quantize(
    const AffineWeights& weight,
    std::size_t out,
    std::size_t in,
    std::int8_t* values,
    float* scales);

/// For many rows: `task` with 8-bit weights in place of its own. Rows of x are
/// rounded to 12 bits in groups as weights are, products summed exactly within
/// a group and in f32, in order, across groups. So processors with AVX2 and
/// with AVX-512 give the same bits, for every number of threads. A row that is
/// not finite gives a row that is not.
void linear_int8(const Linear& task, const Int8Weights& weights);

/// For few rows: x stays in f32, and each weight is read once.
void matvec_int8(const Linear& task, const Int8Weights& weights);

/// For many rows: x and the weights, of whatever type, rounded to bf16, and
/// products summed in f32. Only with `has_bf16_dot()`.
void linear_bf16(const Linear& task);

} // namespace mlxaudio::kernels
