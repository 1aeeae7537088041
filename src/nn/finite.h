// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "core/tensor.h"

namespace mlxaudio {

/// Of each tensor, whether it has neither NaN nor infinity; true for whole
/// numbers. Read by all threads, at the speed of memory.
std::vector<bool> are_finite(std::span<const Tensor* const> tensors);

} // namespace mlxaudio
