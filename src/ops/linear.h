// SPDX-License-Identifier: MIT
#pragma once

#include "ops/array.h"

namespace mlxaudio::ops {

/// A matrix of weights [out, in]. Kernels read f32, f16 and bf16 as they are in
/// memory. Cheap to copy: copies share the numbers.
class LinearWeight {
 public:
  explicit LinearWeight(mx::array weight);

  const mx::array& array() const {
    return weight_;
  }
  int in() const {
    return weight_.shape(1);
  }
  int out() const {
    return weight_.shape(0);
  }

 private:
  mx::array weight_;
};

enum class Activation { none, gelu };

/// What follows a product, fused where a kernel can: y = act(x W^T + bias) +
/// residual.
struct Epilogue {
  Maybe bias = {}; ///< [out]
  Activation activation = Activation::none;
  Maybe residual = {}; ///< of the result's shape
};

/// Product with a matrix of weights, and what follows it.
///
/// On a CPU f16 and bf16 weights are widened and the work is done in f32.
/// \shape x [..., in] -> [..., out]
/// \throws ArgumentError if shapes do not fit
mx::array linear(
    const mx::array& x, const LinearWeight& weight, const Epilogue& e = {});

} // namespace mlxaudio::ops
