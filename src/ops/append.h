// SPDX-License-Identifier: MIT
#pragma once

#include "ops/array.h"

namespace mlxaudio::ops {

/// Puts rows into a cache's buffer, from row `row` on. The buffer is written in
/// place when nobody else holds it.
/// \shape room [B, capacity, C], rows [B, T, C] -> [B, capacity, C]
/// \throws ArgumentError if the rows do not fit
mx::array append(mx::array&& room, int row, const mx::array& rows);

} // namespace mlxaudio::ops
