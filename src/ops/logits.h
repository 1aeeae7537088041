// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace mlxaudio::ops {

/// The greatest of a row of numbers on the host, none of which is NaN.
/// \param row not empty
float greatest(std::span<const float> row);

/// log(sum(exp(row))) of numbers on the host, summed in f64 so that the order
/// does not matter. Where the greatest is not finite it is the result.
/// \param row not empty
double log_sum_exp(std::span<const float> row);

} // namespace mlxaudio::ops
