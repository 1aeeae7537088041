// SPDX-License-Identifier: MIT
#include "ops/linear.h"

#include <algorithm>
#include <initializer_list>

#include "kernels/compute.h"
#include "kernels/info.h"
#include "kernels/linear.h"
#include "kernels/primitives.h"
#include "mlx/ops.h"
#include "mlx/utils.h"
#include "mlxaudio/error.h"
#include "ops/check.h"
#include "ops/composite.h"

namespace mlxaudio::ops {
namespace {

void refuse_automatic(Compute compute) {
  if (compute == Compute::automatic) {
    throw ArgumentError(
        "[ops.linear] products cannot be computed in auto: resolve it to what "
        "the processor has before");
  }
}

void check_packable(const mx::array& weight, int bits) {
  if (weight.size() == 0) {
    throw ArgumentError(fmt::format(
        "[ops.linear] weights of no numbers, {}, cannot be packed in {} bits: "
        "compute in f32 (--compute f32)",
        text_of(weight.shape()),
        bits));
  }
  if (!kernels::is_weight_type(weight.dtype())) {
    throw ArgumentError(fmt::format(
        "[ops.linear] only weights in f32, f16 or bf16 can be packed in {} "
        "bits: compute in f32 (--compute f32)",
        bits));
  }
}

void check_affine(const LinearWeight::Affine& w) {
  const auto one_of = [](int n, std::initializer_list<int> all) {
    return std::find(all.begin(), all.end(), n) != all.end();
  };
  if (!one_of(w.bits, {4, 8}) || !one_of(w.group_size, {32, 64, 128})) {
    throw ArgumentError(fmt::format(
        "[ops.linear] weights of {} bits in groups of {}: quantize in 4 or 8 "
        "bits and groups of 32, 64 or 128",
        w.bits,
        w.group_size));
  }
  expect(
      w.values.ndim() == 2 && w.values.dtype() == mx::uint32,
      "ops.linear",
      "quantized weights [out, in * bits / 32] of u32",
      w.values.shape());
  const mx::Shape groups{
      w.values.shape(0),
      w.values.shape(1) * 32 / w.bits / w.group_size};
  for (const auto* of_groups : {&w.scales, &w.biases}) {
    expect(
        of_groups->shape() == groups &&
            kernels::is_weight_type(of_groups->dtype()),
        "ops.linear",
        "scales and biases " + text_of(groups) + " of floats",
        of_groups->shape());
  }
  if (groups[1] * w.group_size * w.bits != w.values.shape(1) * 32) {
    throw ArgumentError(fmt::format(
        "[ops.linear] quantized weights {} are no whole groups of {} in {} "
        "bits: give the group size and bits that they were made with",
        text_of(w.values.shape()),
        w.group_size,
        w.bits));
  }
}

kernels::AffineWeight kernel_of(const LinearWeight::Affine& w) {
  return {w.values, w.scales, w.biases, w.group_size, w.bits};
}

kernels::PackedInt12 kernel_of(const LinearWeight::Int12& w) {
  return {w.high, w.low, w.scales, w.errors};
}

/// Whether products of x are those of a decoder's step.
bool is_few(const mx::array& x, const LinearWeight& weight) {
  return x.size() <=
         kernels::kMatvecRows * static_cast<std::size_t>(weight.in());
}

} // namespace

LinearWeight::LinearWeight(mx::array weight, Compute compute)
    : compute_(compute), dtype_(weight.dtype()), out_(0), in_(0) {
  expect(weight.ndim() == 2, "ops.linear", "weights [out, in]", weight.shape());
  out_ = weight.shape(0);
  in_ = weight.shape(1);
  refuse_automatic(compute);
  if (compute != Compute::int8) {
    weight_ = std::move(weight);
    return;
  }
  check_packable(weight, 8);
  auto packed = kernels::pack_int8(weight);
  int8_ = Int8{std::move(packed.values), std::move(packed.scales)};
}

LinearWeight::LinearWeight(Affine weight, Compute compute)
    : compute_(compute), dtype_(weight.scales.dtype()), out_(0), in_(0) {
  check_affine(weight);
  out_ = weight.values.shape(0);
  in_ = weight.scales.shape(1) * weight.group_size;
  refuse_automatic(compute);
  if (compute == Compute::int8) {
    auto packed = kernels::pack_int8(kernel_of(weight));
    int8_ = Int8{std::move(packed.values), std::move(packed.scales)};
  } else {
    affine_ = std::move(weight);
  }
}

LinearWeight LinearWeight::in_12_bits(const mx::array& weight) {
  LinearWeight result(weight);
  check_packable(weight, 12);
  auto packed = kernels::pack_int12(weight);
  result.weight_.reset();
  result.int12_ = Int12{
      std::move(packed.high),
      std::move(packed.low),
      std::move(packed.scales),
      std::move(packed.errors)};
  return result;
}

const mx::array& LinearWeight::array() const {
  if (!weight_) {
    throw ArgumentError(
        "[ops.linear] of weights in 8 or 12 bits, or quantized ones, there is "
        "no other array: keep these in f32, f16 or bf16");
  }
  return *weight_;
}

namespace {

mx::array product(
    const mx::array& x, const LinearWeight& weight, const Epilogue& e) {
  expect(
      x.ndim() >= 1 && x.shape(-1) == weight.in(),
      "ops.linear",
      fmt::format("x [..., {}]", weight.in()),
      x.shape());
  auto result = x.shape();
  result.back() = weight.out();
  if (e.bias) {
    expect(
        e.bias->shape() == mx::Shape{weight.out()},
        "ops.linear",
        fmt::format("bias [{}]", weight.out()),
        e.bias->shape());
  }
  if (e.residual) {
    expect(
        e.residual->shape() == result,
        "ops.linear",
        "a residual of shape " + text_of(result),
        e.residual->shape());
  }
  const auto wide = widen(x);
  const bool few = is_few(wide, weight);
  const auto residual = e.residual ? Maybe(widen(*e.residual)) : Maybe();
  const bool fits = wide.dtype() == mx::float32 && weight.in() > 0 &&
                    kernels::is_weight_type(weight.dtype()) &&
                    (!e.bias || kernels::is_weight_type(e.bias->dtype())) &&
                    (!residual || residual->dtype() == mx::float32);
  const bool gelu = e.activation == Activation::gelu;
  if (const auto& int8 = weight.int8()) {
    using kernels::Op;
    return kernels::choose(few ? Op::matvec_int8 : Op::linear_int8, fits)
               ? kernels::linear_int8(
                     wide,
                     {int8->values, int8->scales},
                     e.bias,
                     gelu,
                     residual)
               : composite::linear_int8(x, *int8, !few, e);
  }
  if (const auto& int12 = weight.int12()) {
    using kernels::Op;
    return kernels::choose(few ? Op::matvec_int12 : Op::linear_int12, fits)
               ? kernels::linear(
                     wide,
                     kernel_of(*int12),
                     e.bias,
                     gelu,
                     residual)
               : composite::linear_int12(x, *int12, few, e);
  }
  const bool in_bf16 = weight.compute() == Compute::bf16 && !few;
  if (const auto& affine = weight.affine()) {
    using kernels::Op;
    const auto packed = kernel_of(*affine);
    if (in_bf16) {
      return kernels::choose(Op::linear_bf16, fits && kernels::has_bf16_dot())
                 ? kernels::linear_bf16(wide, packed, e.bias, gelu, residual)
                 : composite::linear_bf16(x, composite::dequantize(*affine), e);
    }
    return kernels::choose(few ? Op::matvec_affine : Op::linear_affine, fits)
               ? kernels::linear(wide, packed, e.bias, gelu, residual)
               : composite::linear_affine(x, *affine, e);
  }
  if (in_bf16) {
    return kernels::choose(
               kernels::Op::linear_bf16,
               fits && kernels::has_bf16_dot())
               ? kernels::linear_bf16(
                     wide,
                     weight.array(),
                     e.bias,
                     gelu,
                     residual)
               : composite::linear_bf16(x, weight.array(), e);
  }
  if (!kernels::choose(few ? kernels::Op::matvec : kernels::Op::linear, fits)) {
    return composite::linear(x, weight.array(), e);
  }
  return kernels::linear(wide, weight.array(), e.bias, gelu, residual);
}

} // namespace

mx::array linear(
    const mx::array& x, const LinearWeight& weight, const Epilogue& e) {
  const bool alone = !e.bias && !e.residual && e.activation == Activation::none;
  const auto y = weight.is_for_scores() && alone ? scores(x, weight)
                                                 : product(x, weight, e);
  return weight.gives_f16() ? narrow(y) : y;
}

mx::array scores(const mx::array& x, const LinearWeight& weight) {
  const auto& int12 = weight.int12();
  const auto wide = widen(x);
  if (!int12 || x.ndim() == 0 || x.shape(-1) != weight.in() ||
      !is_few(wide, weight)) {
    return product(x, weight, {});
  }
  return kernels::choose(kernels::Op::scores_int12, wide.dtype() == mx::float32)
             ? kernels::scores(wide, kernel_of(*int12))
             : composite::linear_int12(x, *int12, true);
}

mx::array take_rows(const LinearWeight& weight, const mx::array& indices) {
  const bool whole = mx::issubdtype(indices.dtype(), mx::integer);
  if (const auto& int12 = weight.int12()) {
    return kernels::choose(kernels::Op::take_int12, whole)
               ? kernels::take_rows(
                     kernel_of(*int12),
                     mx::astype(indices, mx::int32),
                     weight.in())
               : composite::take_rows(*int12, indices, weight.in());
  }
  const auto& affine = weight.affine();
  if (!affine) {
    return widen(mx::take(weight.array(), indices, 0));
  }
  return kernels::choose(kernels::Op::take_affine, whole)
             ? kernels::take_rows(
                   kernel_of(*affine),
                   mx::astype(indices, mx::int32))
             : composite::take_rows(*affine, indices);
}

} // namespace mlxaudio::ops
