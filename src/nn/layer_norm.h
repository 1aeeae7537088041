// SPDX-License-Identifier: MIT
// Ports a layer of mlx/nn/layers/normalization.py of MLX 0.32.4.
// Copyright (c) 2023 Apple Inc., https://github.com/ml-explore/mlx (MIT, see
// licenses/mlx.txt)
#pragma once

#include "nn/scope.h"

namespace mlxaudio {

/// Layer normalization over the last axis.
/// \port mlx.nn.layers.normalization.LayerNorm
struct LayerNorm {
  Scope at;
  int dims;
  float eps = 1e-5f;

  mx::array weight = at.param("weight", {dims});
  mx::array bias = at.param("bias", {dims});

  /// \shape x [..., dims] -> [..., dims]
  mx::array operator()(const mx::array& x) const;
};

} // namespace mlxaudio
