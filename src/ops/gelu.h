// SPDX-License-Identifier: MIT
// Ports gelu of mlx/nn/layers/activations.py of MLX 0.32.4.
// Copyright (c) 2023 Apple Inc., https://github.com/ml-explore/mlx (MIT, see
// licenses/mlx.txt)
#pragma once

#include "ops/array.h"

namespace mlxaudio::ops {

/// Gaussian error linear unit, x * (1 + erf(x / sqrt 2)) / 2.
/// \port mlx.nn.layers.activations.gelu
mx::array gelu(const mx::array& x);

} // namespace mlxaudio::ops
