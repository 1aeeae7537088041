// SPDX-License-Identifier: MIT
#include "nn/layer_norm.h"

#include "ops/layer_norm.h"

namespace mlxaudio {

mx::array LayerNorm::operator()(const mx::array& x) const {
  return at.tap(ops::layer_norm(x, weight, bias, eps));
}

} // namespace mlxaudio
