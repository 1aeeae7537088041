// SPDX-License-Identifier: MIT
#pragma once

#include "nn/scope.h"
#include "ops/linear.h"

namespace mlxaudio {

/// The matrix of weights of a linear layer or an embedding at a place:
/// `weight`, with `scales` and `biases` where the file has them, in MLX's
/// quantization. \param out, in of what the weights are worth \throws
/// ConfigError if the ledger was not told how layers are packed;
///   WeightError if `in` is no multiple of their group size
ops::LinearWeight linear_weight(
    const Scope& at, int out, int in, Compute compute = Compute::f32);

} // namespace mlxaudio
