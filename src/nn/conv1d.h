// SPDX-License-Identifier: MIT
// Ports a layer of mlx/nn/layers/convolution.py of MLX 0.32.4.
// Copyright (c) 2023 Apple Inc., https://github.com/ml-explore/mlx (MIT, see
// licenses/mlx.txt)
#pragma once

#include "nn/scope.h"
#include "ops/conv1d.h"

namespace mlxaudio {

/// Convolution over time, channels last.
/// \port mlx.nn.layers.convolution.Conv1d
struct Conv1d {
  Scope at;
  int in_channels;
  int out_channels;
  int kernel_size;
  int stride = 1;
  int padding = 0;

  ops::ConvWeight weight{
      at.param("weight", {out_channels, kernel_size, in_channels})};
  mx::array bias = at.param("bias", {out_channels});

  /// \shape x [B, T, in_channels] -> [B, T', out_channels]
  mx::array operator()(const mx::array& x) const;
  /// gelu of the convolution, in one go where a kernel can.
  mx::array gelu(const mx::array& x) const;
};

} // namespace mlxaudio
