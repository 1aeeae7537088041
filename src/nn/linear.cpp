// SPDX-License-Identifier: MIT
#include "nn/linear.h"

#include "mlx/ops.h"
#include "nn/tape.h"
#include "ops/gelu.h"

namespace mlxaudio {

mx::array Linear::operator()(const mx::array& x) const {
  return at.tap(ops::linear(x, weight, {.bias = bias}));
}

mx::array Linear::gelu(const mx::array& x) const {
  if (Tape::active()) {
    return ops::gelu((*this)(x));
  }
  return ops::linear(
      x,
      weight,
      {.bias = bias, .activation = ops::Activation::gelu});
}

mx::array Linear::add_to(const mx::array& residual, const mx::array& x) const {
  if (Tape::active()) {
    return mx::add(residual, (*this)(x));
  }
  return ops::linear(x, weight, {.bias = bias, .residual = residual});
}

} // namespace mlxaudio
