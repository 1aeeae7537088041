// SPDX-License-Identifier: MIT
#include "ops/layer_norm.h"

#include "kernels/info.h"
#include "kernels/primitives.h"
#include "ops/check.h"
#include "ops/composite.h"

namespace mlxaudio::ops {

mx::array layer_norm(
    const mx::array& x,
    const mx::array& weight,
    const mx::array& bias,
    float eps) {
  const char* where = "ops.layer_norm";
  expect(
      weight.ndim() == 1 && bias.shape() == weight.shape(),
      where,
      "weight and bias [C]",
      weight.shape());
  expect(
      x.ndim() >= 1 && x.shape(-1) == weight.shape(0),
      where,
      fmt::format("x [..., {}]", weight.shape(0)),
      x.shape());
  const auto wide = widen(x);
  const bool fits = wide.dtype() == mx::float32 &&
                    kernels::is_weight_type(weight.dtype()) &&
                    kernels::is_weight_type(bias.dtype());
  return kernels::choose(kernels::Op::layer_norm, fits)
             ? kernels::layer_norm(wide, weight, bias, eps)
             : composite::layer_norm(x, weight, bias, eps);
}

} // namespace mlxaudio::ops
