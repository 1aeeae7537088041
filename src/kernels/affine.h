// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "kernels/linear.h"

/// Weights in MLX's affine quantization, read as they are packed.
namespace mlxaudio::kernels {

/// The smallest group, and what parts of a row are whole multiples of.
inline constexpr std::size_t kLeastAffineGroup = 32;

/// Numbers [k, k + n) of a row of weights. \param k, n multiples of
/// kLeastAffineGroup
void dequantize(
    const AffineWeights& weights,
    std::size_t in,
    std::size_t row,
    std::size_t k,
    std::size_t n,
    float* to);

/// `matvec` of a task with such weights: each is read once, and a group's
/// values are summed before they are scaled; its bias takes the sum of the
/// group's inputs. A row that is not finite gives a row that is not.
void matvec_affine(const Linear& task);

} // namespace mlxaudio::kernels
