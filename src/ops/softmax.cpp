// SPDX-License-Identifier: MIT
#include "ops/softmax.h"

#include "kernels/info.h"
#include "kernels/primitives.h"
#include "ops/check.h"
#include "ops/composite.h"

namespace mlxaudio::ops {

mx::array softmax(const mx::array& x) {
  expect(
      x.ndim() >= 1 && x.shape(-1) > 0,
      "ops.softmax",
      "x [..., C] with C > 0",
      x.shape());
  const auto wide = widen(x);
  return kernels::choose(kernels::Op::softmax, wide.dtype() == mx::float32)
             ? kernels::softmax(wide)
             : composite::softmax(x);
}

} // namespace mlxaudio::ops
