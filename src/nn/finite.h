// SPDX-License-Identifier: MIT
#pragma once

#include "core/tensor.h"

namespace mlxaudio {

/// Whether a tensor has neither NaN nor infinity. True for whole numbers.
bool is_finite(const Tensor& tensor);

} // namespace mlxaudio
