// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "mlx/array.h"

/// The kernels as operations of MLX arrays on the CPU's stream of the calling
/// thread. Whoever calls has checked shapes and types; see ops.
namespace mlxaudio::kernels {

namespace mx = mlx::core;

/// Whether weights of a type can be given to kernels: f32, f16 or bf16.
bool is_weight_type(mx::Dtype dtype);

/// act(x W^T + bias) + residual. Where x is a layer normalization of few rows
/// that is not computed yet, it does that too. \param x, residual f32
mx::array linear(
    const mx::array& x,
    const mx::array& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual);

/// Weights [out, in] in MLX's affine quantization: see `AffineWeights`.
struct AffineWeight {
  mx::array values; ///< [out, in * bits / 32] u32
  mx::array scales; ///< [out, in / group_size] f32, f16 or bf16
  mx::array biases; ///< the same
  int group_size;
  int bits;
};

/// Rows of them by their numbers; one below 0 counts from the end.
/// \param indices i32
mx::array take_rows(const AffineWeight& weight, const mx::array& indices);

mx::array linear(
    const mx::array& x,
    const AffineWeight& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual);

/// Weights [out, in] rounded to 12 bits: see `Int12Weights`.
struct PackedInt12 {
  mx::array high;   ///< [out, depth] i8
  mx::array low;    ///< [out, depth / 2] u8
  mx::array scales; ///< [out, depth / Int12Weights::kGroup] f32
  mx::array errors; ///< [out] f32
};

/// Evaluates the weights, and rounds them at once. \param weight f32, f16, bf16
PackedInt12 pack_int12(const mx::array& weight);

/// Rows of them by their numbers; one below 0 counts from the end.
/// \param indices i32 \param in of a row
mx::array take_rows(
    const PackedInt12& weight, const mx::array& indices, int in);

mx::array linear(
    const mx::array& x,
    const PackedInt12& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual);

/// Of at most kMatvecRows rows x W^T, of which the greatest of each row is what
/// `linear` gives: see `scores_int12`.
mx::array scores(const mx::array& x, const PackedInt12& weight);

/// Weights [out, in] rounded to 8 bits: see `quantize` in reduced.h.
struct PackedInt8 {
  mx::array values; ///< [out, groups * kGroup] i8
  mx::array scales; ///< [out, groups] f32
};

/// Evaluates the weights, and rounds them at once. \param weight f32, f16, bf16
PackedInt8 pack_int8(const mx::array& weight);
PackedInt8 pack_int8(const AffineWeight& weight);

/// The same as `linear` with weights in 8 bits; many rows of x are rounded to
/// 12 bits.
mx::array linear_int8(
    const mx::array& x,
    const PackedInt8& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual);

/// The same as `linear` with many rows of x and weights rounded to bf16. Few
/// rows and the weights that they take are not.
mx::array linear_bf16(
    const mx::array& x,
    const mx::array& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual);

mx::array linear_bf16(
    const mx::array& x,
    const AffineWeight& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual);

/// act(convolution of x [B, T, C] + bias). \param x f32 \param matrix
/// [out, taps * C]
mx::array conv1d(
    const mx::array& x,
    const mx::array& matrix,
    const std::optional<mx::array>& bias,
    int taps,
    int stride,
    int padding,
    bool gelu);

/// Of keys and values that are the first rows of a buffer, it reads the buffer.
/// \param q f32 \param k, v f32, f16 or bf16, both alike
/// \param scale multiplies q k^T
mx::array attention(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int heads,
    float scale,
    bool causal);

/// Puts rows [B, T, C] into a buffer [B, capacity, C] from row `row` on, in
/// place where nobody else holds it. Where they are a product of few rows that
/// is not computed yet, it computes them too.
/// \param room, rows f32
mx::array append(const mx::array& room, int row, const mx::array& rows);

/// Rounds to f16. \param x f32
mx::array narrow(const mx::array& x);
/// \param x f32
mx::array gelu(const mx::array& x);
mx::array softmax(const mx::array& x);
mx::array layer_norm(
    const mx::array& x,
    const mx::array& weight,
    const mx::array& bias,
    float eps);

} // namespace mlxaudio::kernels
