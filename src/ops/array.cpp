// SPDX-License-Identifier: MIT
#include "ops/array.h"

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

} // namespace mlxaudio::ops
