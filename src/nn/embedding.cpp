// SPDX-License-Identifier: MIT
#include "nn/embedding.h"

namespace mlxaudio {

mx::array Embedding::operator()(const mx::array& x) const {
  return at.tap(ops::take_rows(weight, x));
}

mx::array Embedding::as_linear(const mx::array& x) const {
  return ops::linear(x, weight);
}

} // namespace mlxaudio
