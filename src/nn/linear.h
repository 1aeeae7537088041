// SPDX-License-Identifier: MIT
// Ports a layer of mlx/nn/layers/linear.py of MLX 0.32.4.
// Copyright (c) 2023 Apple Inc., https://github.com/ml-explore/mlx (MIT, see
// licenses/mlx.txt)
#pragma once

#include "nn/linear_weight.h"

namespace mlxaudio {

/// For `Linear::with_bias`.
inline constexpr bool kNoBias = false;

/// Affine map of the last axis, y = x W^T + b.
/// \port mlx.nn.layers.linear.Linear
struct Linear {
  Scope at;
  int input_dims;
  int output_dims;
  bool with_bias = true;

  ops::LinearWeight weight =
      linear_weight(at, output_dims, input_dims, at.compute());
  Maybe bias = with_bias ? Maybe(at.param("bias", {output_dims})) : Maybe();

  /// \shape x [..., input_dims] -> [..., output_dims]
  mx::array operator()(const mx::array& x) const;
  /// gelu(x W^T + b), in one go where a kernel can.
  mx::array gelu(const mx::array& x) const;
  /// residual + x W^T + b, in one go where a kernel can. A tape sees the map
  /// alone, so while one is alive the sum is made apart.
  mx::array add_to(const mx::array& residual, const mx::array& x) const;
};

} // namespace mlxaudio
