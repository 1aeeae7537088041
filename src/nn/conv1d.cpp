// SPDX-License-Identifier: MIT
#include "nn/conv1d.h"

#include "nn/tape.h"
#include "ops/gelu.h"

namespace mlxaudio {

mx::array Conv1d::operator()(const mx::array& x) const {
  return at.tap(ops::conv1d(x, weight, bias, stride, padding));
}

mx::array Conv1d::gelu(const mx::array& x) const {
  if (Tape::active()) {
    return ops::gelu((*this)(x));
  }
  return ops::conv1d(x, weight, bias, stride, padding, ops::Activation::gelu);
}

} // namespace mlxaudio
