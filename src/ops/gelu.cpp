// SPDX-License-Identifier: MIT
#include "ops/gelu.h"

#include "kernels/info.h"
#include "kernels/primitives.h"
#include "ops/composite.h"

namespace mlxaudio::ops {

mx::array gelu(const mx::array& x) {
  const auto wide = widen(x);
  return kernels::choose(kernels::Op::gelu, wide.dtype() == mx::float32)
             ? kernels::gelu(wide)
             : composite::gelu(wide);
}

} // namespace mlxaudio::ops
