// SPDX-License-Identifier: MIT
#include "ops/composite.h"

#include <algorithm>
#include <cmath>

#include "mlx/fast.h"
#include "mlx/ops.h"
#include "mlx/utils.h"

namespace mlxaudio::ops::composite {
namespace {

mx::array activate(const mx::array& x, Activation activation) {
  return activation == Activation::gelu ? gelu(x) : x;
}

/// Rounds groups of `width` numbers of the last axis to whole ones up to `most`
/// times their scale. \shape x [..., in] -> [..., in to whole groups]
// AUDIT(f32-scalar): in f32 on every device, as the kernels
mx::array rounded(const mx::array& x, int width, float most) {
  const int groups = (x.shape(-1) + width - 1) / width;
  std::vector<std::pair<int, int>> margins(x.ndim(), {0, 0});
  margins.back().second = groups * width - x.shape(-1);
  const auto padded = mx::pad(mx::astype(x, mx::float32), margins);
  const auto grouped = mx::unflatten(padded, -1, {groups, width});
  const auto scales =
      mx::divide(mx::max(mx::abs(grouped), -1, true), mx::array(most));
  const auto none = mx::equal(scales, mx::array(0.0f));
  const auto values =
      mx::round(mx::divide(grouped, mx::where(none, mx::array(1.0f), scales)));
  return mx::flatten(mx::multiply(values, scales), -2, -1);
}

} // namespace

mx::array causal_mask(int queries, int keys, mx::Dtype dtype) {
  const auto row = mx::expand_dims(mx::arange(keys - queries, keys), 1);
  const auto column = mx::expand_dims(mx::arange(keys), 0);
  return mx::multiply(
      mx::astype(mx::less(row, column), dtype),
      mx::array(mx::finfo(dtype).min, dtype));
}

// AUDIT(weight-turned-per-call): a view, which matmul reads as it is
mx::array linear(
    const mx::array& x, const mx::array& weight, const Epilogue& e) {
  const auto wt = mx::transpose(widen(weight));
  auto y = e.bias ? mx::addmm(widen(*e.bias), widen(x), wt)
                  : mx::matmul(widen(x), wt);
  y = activate(y, e.activation);
  return e.residual ? mx::add(widen(*e.residual), y) : y;
}

mx::array linear_affine(
    const mx::array& x, const LinearWeight::Affine& weight, const Epilogue& e) {
  auto y = mx::quantized_matmul(
      widen(x),
      weight.values,
      widen(weight.scales),
      widen(weight.biases),
      /*transpose=*/true,
      weight.group_size,
      weight.bits);
  if (e.bias) {
    y = mx::add(y, widen(*e.bias));
  }
  y = activate(y, e.activation);
  return e.residual ? mx::add(widen(*e.residual), y) : y;
}

mx::array dequantize(const LinearWeight::Affine& weight) {
  return mx::dequantize(
      weight.values,
      widen(weight.scales),
      widen(weight.biases),
      weight.group_size,
      weight.bits);
}

mx::array take_rows(
    const LinearWeight::Affine& weight, const mx::array& indices) {
  // MLX dequantizes matrices, so that indices are one row of numbers.
  const auto flat = mx::flatten(indices);
  const auto rows = dequantize(
      {mx::take(weight.values, flat, 0),
       mx::take(weight.scales, flat, 0),
       mx::take(weight.biases, flat, 0),
       weight.group_size,
       weight.bits});
  auto shape = indices.shape();
  shape.push_back(rows.shape(1));
  return mx::reshape(rows, shape);
}

mx::array dequantize(const LinearWeight::Int12& weight, int in) {
  const int groups = weight.scales.shape(1);
  const int width = weight.high.shape(1) / groups;
  const auto whole = [](const mx::array& a) {
    return mx::astype(a, mx::int32);
  };
  const auto low = whole(mx::unflatten(weight.low, -1, {groups, width / 2}));
  const auto sign = mx::array(8);
  const auto signed_bits = [&](const mx::array& bits) {
    return mx::subtract(mx::bitwise_xor(bits, sign), sign);
  };
  const auto rest = mx::concatenate(
      {signed_bits(mx::bitwise_and(low, mx::array(15))),
       signed_bits(mx::right_shift(low, mx::array(4)))},
      -1);
  const auto high = whole(mx::unflatten(weight.high, -1, {groups, width}));
  const auto values = mx::add(mx::multiply(high, mx::array(16)), rest);
  const auto worth = mx::multiply(
      mx::astype(values, mx::float32),
      mx::expand_dims(weight.scales, -1));
  const int out = weight.high.shape(0);
  return mx::slice(mx::flatten(worth, -2, -1), {0, 0}, {out, in});
}

mx::array linear_int12(
    const mx::array& x,
    const LinearWeight::Int12& weight,
    bool round_x,
    const Epilogue& e) {
  const int in = x.shape(-1);
  const auto w = dequantize(weight, in);
  if (!round_x) {
    return linear(x, w, e);
  }
  const int width = weight.high.shape(1) / weight.scales.shape(1);
  auto shape = x.shape();
  const auto rows = rounded(x, width, 32767.0f);
  return linear(mx::slice(rows, mx::Shape(x.ndim(), 0), shape), w, e);
}

mx::array take_rows(
    const LinearWeight::Int12& weight, const mx::array& indices, int in) {
  const auto flat = mx::flatten(indices);
  const auto rows = dequantize(
      {mx::take(weight.high, flat, 0),
       mx::take(weight.low, flat, 0),
       mx::take(weight.scales, flat, 0),
       weight.errors},
      in);
  auto shape = indices.shape();
  shape.push_back(in);
  return mx::reshape(rows, shape);
}

mx::array linear_int8(
    const mx::array& x,
    const LinearWeight::Int8& weight,
    bool round_x,
    const Epilogue& e) {
  const int groups = weight.scales.shape(1), depth = weight.values.shape(1);
  const int width = depth / groups;
  const auto in_groups = [&](const mx::array& a) {
    return mx::unflatten(a, -1, {groups, width});
  };
  const auto whole = [&](const mx::array& a) { return mx::flatten(a, -2, -1); };
  const auto w = whole(mx::multiply(
      in_groups(mx::astype(weight.values, mx::float32)),
      mx::expand_dims(weight.scales, -1)));

  if (round_x) {
    return linear(rounded(x, width, 2047.0f), w, e);
  }
  const auto exact = mx::slice(w, {0, 0}, {w.shape(0), x.shape(-1)});
  return linear(mx::astype(x, mx::float32), exact, e);
}

mx::array linear_bf16(
    const mx::array& x, const mx::array& weight, const Epilogue& e) {
  const auto rounded = [](const mx::array& a) {
    return mx::astype(mx::astype(a, mx::bfloat16), mx::float32);
  };
  return linear(rounded(x), rounded(widen(weight)), e);
}

// AUDIT(attention-by-hand): the reference's own order, for difference 0
AttentionScores attention(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int n_head,
    float qk_scale,
    bool causal) {
  const int batch = q.shape(0), n_ctx = q.shape(1), n_state = q.shape(2);
  const int keys = k.shape(1), width = n_state / n_head;
  const auto heads = [&](const mx::array& a, int length, const auto& axes) {
    return mx::transpose(
        mx::reshape(widen(a), {batch, length, n_head, width}),
        axes);
  };
  const std::vector<int> rows{0, 2, 1, 3}, columns{0, 2, 3, 1};
  const auto scale = mx::array(qk_scale, widen(q).dtype());
  auto qk = mx::matmul(
      mx::multiply(heads(q, n_ctx, rows), scale),
      mx::multiply(heads(k, keys, columns), scale));
  if (causal) {
    qk = mx::add(qk, causal_mask(n_ctx, keys, qk.dtype()));
  }
  const auto w = mx::softmax(qk, -1, true);
  const auto out = mx::transpose(mx::matmul(w, heads(v, keys, rows)), rows);
  return {mx::reshape(out, {batch, n_ctx, n_state}), qk};
}

mx::array append(const mx::array& room, int row, const mx::array& rows) {
  // MLX writes the slice into the buffer itself when nobody else holds it.
  return mx::slice_update(
      room,
      rows,
      mx::Shape{0, row, 0},
      mx::Shape{room.shape(0), row + rows.shape(1), room.shape(2)});
}

// AUDIT(activation-by-hand): the reference's own order, for difference 0
mx::array gelu(const mx::array& x) {
  const auto y = widen(x);
  const auto scalar = [&](double value) {
    return mx::array(static_cast<float>(value), y.dtype());
  };
  const auto erf = mx::erf(mx::divide(y, scalar(std::sqrt(2.0))));
  return mx::divide(mx::multiply(y, mx::add(scalar(1.0), erf)), scalar(2.0));
}

mx::array softmax(const mx::array& x) {
  return mx::softmax(widen(x), -1, true);
}

float greatest(std::span<const float> row) {
  return *std::max_element(row.begin(), row.end());
}

double log_sum_exp(std::span<const float> row) {
  const float max = greatest(row);
  if (!std::isfinite(max)) {
    return max;
  }
  double sum = 0;
  for (const float value : row) {
    sum += std::exp(value - max);
  }
  return max + std::log(sum);
}

mx::array layer_norm(
    const mx::array& x,
    const mx::array& weight,
    const mx::array& bias,
    float eps) {
  return mx::fast::layer_norm(widen(x), widen(weight), widen(bias), eps);
}

mx::array conv1d(
    const mx::array& x,
    const mx::array& weight,
    const Maybe& bias,
    int stride,
    int padding,
    Activation activation) {
  auto y = mx::conv1d(widen(x), widen(weight), stride, padding);
  return activate(bias ? mx::add(y, widen(*bias)) : y, activation);
}

} // namespace mlxaudio::ops::composite
