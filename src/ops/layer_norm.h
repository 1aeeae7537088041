// SPDX-License-Identifier: MIT
#pragma once

#include "ops/array.h"

namespace mlxaudio::ops {

/// Normalizes the last axis to mean 0 and variance 1, then scales and shifts.
/// \shape x [..., C], weight and bias [C] -> [..., C]
/// \throws ArgumentError if shapes do not fit
mx::array layer_norm(
    const mx::array& x,
    const mx::array& weight,
    const mx::array& bias,
    float eps);

} // namespace mlxaudio::ops
