// SPDX-License-Identifier: MIT
#pragma once

#include "ops/linear.h"

namespace mlxaudio::ops {

/// Weights [out, kernel, in] of a convolution over time, and what kernels make
/// of them. Cheap to copy.
class ConvWeight {
 public:
  explicit ConvWeight(mx::array weight);

  const mx::array& array() const {
    return weight_;
  }
  /// The weights as a matrix [out, kernel * in].
  const LinearWeight& matrix() const {
    return matrix_;
  }

 private:
  mx::array weight_;
  LinearWeight matrix_;
};

/// Convolution over time, bias, and an activation.
///
/// \shape x [B, T, in] -> [B, (T + 2 padding - kernel) / stride + 1, out]
/// \param padding zeros before and after the signal. \unit samples of x
/// \throws ArgumentError if shapes do not fit
mx::array conv1d(
    const mx::array& x,
    const ConvWeight& weight,
    const Maybe& bias,
    int stride = 1,
    int padding = 0,
    Activation activation = Activation::none);

} // namespace mlxaudio::ops
