// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/numbers.h"

namespace mlxaudio::kernels {

/// y[i] = x[i] (1 + erf(x[i] / sqrt 2)) / 2
void gelu(const float* x, std::size_t n, float* y);

/// Rounds n numbers to f16.
void narrow(const float* x, std::size_t n, std::uint16_t* y);

/// Softmax of each row.
void softmax(const float* x, std::size_t rows, std::size_t columns, float* y);

/// The greatest of n > 0 numbers, none of which is NaN.
float greatest(const float* x, std::size_t n);

/// log(sum of e^x) of n > 0 numbers: exponentials in f32, their sum in f64.
/// What is not finite in the greatest of them is the result.
double log_sum_exp(const float* x, std::size_t n);

/// Layer normalization of each row, in two passes.
/// \param weight, bias [columns]
void layer_norm(
    const float* x,
    std::size_t rows,
    std::size_t columns,
    Numbers weight,
    Numbers bias,
    float eps,
    float* y);

} // namespace mlxaudio::kernels
