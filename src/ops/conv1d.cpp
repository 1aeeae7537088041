// SPDX-License-Identifier: MIT
#include "ops/conv1d.h"

#include "kernels/info.h"
#include "kernels/primitives.h"
#include "mlx/ops.h"
#include "ops/check.h"
#include "ops/composite.h"

namespace mlxaudio::ops {
namespace {

const mx::array& checked(const mx::array& weight) {
  expect(
      weight.ndim() == 3,
      "ops.conv1d",
      "weights [out, kernel, in]",
      weight.shape());
  return weight;
}

} // namespace

ConvWeight::ConvWeight(mx::array weight)
    : weight_(checked(weight)),
      matrix_(mx::reshape(
          weight, {weight.shape(0), weight.shape(1) * weight.shape(2)})) {}

mx::array conv1d(
    const mx::array& x,
    const ConvWeight& weight,
    const Maybe& bias,
    int stride,
    int padding,
    Activation activation) {
  const char* where = "ops.conv1d";
  const auto& w = weight.array();
  expect(
      x.ndim() == 3 && x.shape(2) == w.shape(2) &&
          x.shape(1) + 2 * padding >= w.shape(1),
      where,
      fmt::format("x [B, T, {}] with T >= {}", w.shape(2), w.shape(1)),
      x.shape());
  if (bias) {
    expect(
        bias->shape() == mx::Shape{w.shape(0)},
        where,
        fmt::format("bias [{}]", w.shape(0)),
        bias->shape());
  }
  if (stride < 1 || padding < 0) {
    throw ArgumentError(fmt::format(
        "[{}] expected stride >= 1 and padding >= 0, got {} and {}",
        where,
        stride,
        padding));
  }
  const auto wide = widen(x);
  const bool fits = wide.dtype() == mx::float32 &&
                    kernels::is_weight_type(w.dtype()) &&
                    (!bias || kernels::is_weight_type(bias->dtype()));
  if (!kernels::choose(kernels::Op::conv1d, fits)) {
    return composite::conv1d(x, w, bias, stride, padding, activation);
  }
  return kernels::conv1d(
      wide,
      weight.matrix().array(),
      bias,
      w.shape(1),
      stride,
      padding,
      activation == Activation::gelu);
}

} // namespace mlxaudio::ops
