// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "ops/attention.h"
#include "ops/conv1d.h"
#include "ops/linear.h"

/// The ops made of MLX's own operations, in the order of the MLX reference, so
/// that on the same build of MLX the difference to it is 0. They run on every
/// device, and are what kernels are tested against.
namespace mlxaudio::ops::composite {

mx::array linear(
    const mx::array& x, const mx::array& weight, const Epilogue& e = {});

/// Of weights in 8 bits. \param round_x to 12 bits, in groups as weights are
mx::array linear_int8(
    const mx::array& x,
    const LinearWeight::Int8& weight,
    bool round_x,
    const Epilogue& e = {});
/// Of weights in MLX's quantization, in the order of `nn.QuantizedLinear`.
mx::array linear_affine(
    const mx::array& x,
    const LinearWeight::Affine& weight,
    const Epilogue& e = {});
/// What they are worth [out, in].
mx::array dequantize(const LinearWeight::Affine& weight);
/// Rows of them by their numbers.
mx::array take_rows(
    const LinearWeight::Affine& weight, const mx::array& indices);
/// Of weights in 12 bits. \param round_x to 16 bits, in groups as weights are
mx::array linear_int12(
    const mx::array& x,
    const LinearWeight::Int12& weight,
    bool round_x,
    const Epilogue& e = {});
/// What they are worth [out, in]. \param in inputs of a row
mx::array dequantize(const LinearWeight::Int12& weight, int in);
mx::array take_rows(
    const LinearWeight::Int12& weight, const mx::array& indices, int in);
/// Of x and weights rounded to bf16, in f32.
mx::array linear_bf16(
    const mx::array& x, const mx::array& weight, const Epilogue& e = {});

/// 0 where query i sees key j, that is j <= i + S - T, and the type's lowest
/// finite value elsewhere, in any type: infinity times 0 would be NaN.
/// \shape [T, S]
/// \port
/// mlx.nn.layers.transformer.MultiHeadAttention.create_additive_causal_mask
mx::array causal_mask(int queries, int keys, mx::Dtype dtype);

AttentionScores attention(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int n_head,
    float qk_scale,
    bool causal);
mx::array append(const mx::array& room, int row, const mx::array& rows);
mx::array gelu(const mx::array& x);
mx::array softmax(const mx::array& x);
float greatest(std::span<const float> row);
double log_sum_exp(std::span<const float> row);
mx::array layer_norm(
    const mx::array& x,
    const mx::array& weight,
    const mx::array& bias,
    float eps);
mx::array conv1d(
    const mx::array& x,
    const mx::array& weight,
    const Maybe& bias,
    int stride,
    int padding,
    Activation activation);

} // namespace mlxaudio::ops::composite
