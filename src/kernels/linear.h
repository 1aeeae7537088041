// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "kernels/numbers.h"

namespace mlxaudio::kernels {

/// A product with a matrix of weights and what follows it:
/// y = act(x W^T + bias) + residual.
struct Linear {
  const float* x = nullptr; ///< [rows, in], rows `stride` apart
  std::size_t stride = 0;   ///< may be less than `in`: rows may overlap
  std::size_t rows = 0;
  Numbers weight;       ///< [out, in]
  AffineWeights affine; ///< in place of `weight`, or null
  Int12Weights int12;   ///< likewise
  std::size_t in = 0;
  std::size_t out = 0;
  Numbers bias; ///< [out] or null
  bool gelu = false;
  const float* residual = nullptr; ///< [rows, out] or null
  float* y = nullptr;              ///< [rows, out]
};

/// Rows up to which `matvec` is the better kernel.
inline constexpr std::size_t kMatvecRows = 8;

/// For many rows: register tiles over panels of the weights, which are widened
/// and laid out afresh for each use. So weights stay in the file's type, and
/// memory, and no f32 copy of them exists.
///
/// Each sum runs over the inputs in a fixed order: results do not depend on
/// the number of threads, nor a row's on the other rows.
void linear(const Linear& task);

/// For few rows (a decoder's step): reads each weight once, in the order of
/// memory, and runs at its speed. Results do not depend on the number of
/// threads, nor a row's on the other rows.
void matvec(const Linear& task);

} // namespace mlxaudio::kernels
