// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "kernels/pieces.h"
#include "kernels/reduced.h"

namespace mlxaudio::kernels {

/// Rows of x that are multiplied with a panel at once.
inline constexpr std::size_t kReducedRows = 6;

/// Rows of x as a kind of product takes them, `groups * kGroup` inputs each.
struct ReducedRows {
  std::byte* values = nullptr;
  float* scales = nullptr; ///< [rows, groups]
};

/// Weights of kColumns columns, laid out as a kind takes them.
struct ReducedPanel {
  std::byte* values = nullptr;
  float* scales = nullptr; ///< [groups, kColumns]
};

/// How products in fewer bits are computed on a processor.
struct ReducedKind {
  std::size_t item; ///< bytes of a value of x, and of a panel's
  /// One row of `in` numbers to values, and scales of its groups.
  void (*prepare)(const float* x, std::size_t in, const ReducedRows& to);
  /// `columns` <= kColumns columns from `column` on; past them
  /// the panel may hold anything but its scales are 0.
  void (*pack)(
      const Linear& task,
      const Int8Weights& weights,
      std::size_t column,
      std::size_t columns,
      const ReducedPanel& to);
  /// sums[rows, kColumns] of rows <= kReducedRows.
  void (*multiply)(
      const ReducedRows& x,
      std::size_t rows,
      std::size_t groups,
      const ReducedPanel& panel,
      float* sums);
};

} // namespace mlxaudio::kernels
