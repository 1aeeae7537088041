// SPDX-License-Identifier: MIT
#pragma once

#include "ops/array.h"

namespace mlxaudio::ops {

/// Softmax over the last axis, computed in f32. A row that is all -inf gives
/// NaN, as in the references.
mx::array softmax(const mx::array& x);

} // namespace mlxaudio::ops
