// SPDX-License-Identifier: MIT
#include "nn/embedding.h"

#include "mlx/ops.h"

namespace mlxaudio {

mx::array Embedding::operator()(const mx::array& x) const {
  return at.tap(ops::widen(mx::take(weight.array(), x, 0)));
}

mx::array Embedding::as_linear(const mx::array& x) const {
  return ops::linear(x, weight);
}

} // namespace mlxaudio
