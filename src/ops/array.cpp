// SPDX-License-Identifier: MIT
#include "ops/array.h"

#include "kernels/info.h"
#include "kernels/primitives.h"
#include "mlx/device.h"
#include "mlx/ops.h"

namespace mlxaudio::ops {

bool on_cpu() {
  return mx::default_device() == mx::Device::cpu;
}

mx::array widen(const mx::array& a) {
  const bool half = a.dtype() == mx::float16 || a.dtype() == mx::bfloat16;
  return half && on_cpu() ? mx::astype(a, mx::float32) : a;
}

mx::array narrow(const mx::array& a) {
  return kernels::choose(kernels::Op::narrow, a.dtype() == mx::float32)
             ? kernels::narrow(a)
             : mx::astype(a, mx::float16);
}

} // namespace mlxaudio::ops
