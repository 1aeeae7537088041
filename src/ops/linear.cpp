// SPDX-License-Identifier: MIT
#include "ops/linear.h"

#include "kernels/info.h"
#include "kernels/linear.h"
#include "kernels/primitives.h"
#include "ops/check.h"
#include "ops/composite.h"

namespace mlxaudio::ops {

LinearWeight::LinearWeight(mx::array weight) : weight_(std::move(weight)) {
  expect(
      weight_.ndim() == 2,
      "ops.linear",
      "weights [out, in]",
      weight_.shape());
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
  const bool fits = wide.dtype() == mx::float32 && weight.in() > 0 &&
                    kernels::is_weight_type(weight.array().dtype()) &&
                    (!e.bias || kernels::is_weight_type(e.bias->dtype()));
  if (!kernels::choose(few ? kernels::Op::matvec : kernels::Op::linear, fits)) {
    return composite::linear(x, weight.array(), e);
  }
  return kernels::linear(
      wide,
      weight.array(),
      e.bias,
      e.activation == Activation::gelu,
      e.residual ? Maybe(widen(*e.residual)) : Maybe());
}

} // namespace mlxaudio::ops
