// SPDX-License-Identifier: MIT
#include "ops/linear.h"

#include "kernels/compute.h"
#include "kernels/info.h"
#include "kernels/linear.h"
#include "kernels/primitives.h"
#include "mlxaudio/error.h"
#include "ops/check.h"
#include "ops/composite.h"

namespace mlxaudio::ops {

LinearWeight::LinearWeight(mx::array weight, Compute compute)
    : compute_(compute), out_(0), in_(0) {
  expect(weight.ndim() == 2, "ops.linear", "weights [out, in]", weight.shape());
  out_ = weight.shape(0);
  in_ = weight.shape(1);
  if (compute == Compute::automatic) {
    throw ArgumentError(
        "[ops.linear] products cannot be computed in auto: resolve it to what "
        "the processor has before");
  }
  if (compute != Compute::int8) {
    weight_ = std::move(weight);
    return;
  }
  if (weight.size() == 0) {
    throw ArgumentError(
        "[ops.linear] weights of no numbers, " + text_of(weight.shape()) +
        ", cannot be packed in 8 bits: compute in f32 (--compute f32)");
  }
  if (!kernels::is_weight_type(weight.dtype())) {
    throw ArgumentError(
        "[ops.linear] only weights in f32, f16 or bf16 can be packed in 8 "
        "bits: compute in f32 (--compute f32)");
  }
  auto packed = kernels::pack_int8(weight);
  int8_ = Int8{std::move(packed.values), std::move(packed.scales)};
}

const mx::array& LinearWeight::array() const {
  if (!weight_) {
    throw ArgumentError(
        "[ops.linear] of weights in 8 bits there is no other array: keep these "
        "in f32");
  }
  return *weight_;
}

mx::array linear(
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
  const bool few = wide.size() <=
                   kernels::kMatvecRows * static_cast<std::size_t>(weight.in());
  const auto residual = e.residual ? Maybe(widen(*e.residual)) : Maybe();
  const bool fits =
      wide.dtype() == mx::float32 && weight.in() > 0 &&
      (weight.int8() || kernels::is_weight_type(weight.array().dtype())) &&
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
  if (weight.compute() == Compute::bf16 && !few) {
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

} // namespace mlxaudio::ops
