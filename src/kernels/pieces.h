// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "kernels/linear.h"
#include "kernels/threads.h"

/// How products are cut into pieces of work.
namespace mlxaudio::kernels {

/// Columns of the result that a piece covers.
inline constexpr std::size_t kColumns = 64;

/// Columns [column, column + columns) of rows [row, row + rows).
struct Piece {
  std::size_t row, rows, column, columns;
};

/// All pieces of a result [rows, out]: in bands of columns, and these in parts
/// of rows.
struct Pieces {
  std::size_t rows, out;
  std::size_t parts = 1;

  std::size_t count() const {
    return bands() * parts;
  }
  Piece at(std::size_t i) const {
    const std::size_t column = i / parts * kColumns;
    const std::size_t row = begin_of(i % parts);
    return {
        row,
        begin_of(i % parts + 1) - row,
        column,
        std::min(kColumns, out - column)};
  }
  /// Rows of the piece that has most.
  std::size_t most_rows() const {
    return (rows + parts - 1) / parts;
  }
  std::size_t bands() const {
    return (out + kColumns - 1) / kColumns;
  }

 private:
  std::size_t begin_of(std::size_t part) const {
    return rows * part / parts;
  }
};

/// Of many rows: wide results are cut by columns alone, so that weights are
/// laid out once; narrow ones by rows too, until there is work for every
/// thread.
inline Pieces pieces_of(const Linear& task) {
  constexpr std::size_t kLeastRows = 96;
  Pieces pieces{task.rows, task.out};
  const std::size_t bands = pieces.bands();
  const std::size_t wanted = 4 * static_cast<std::size_t>(threads());
  pieces.parts = std::clamp<std::size_t>(
      (wanted + bands - 1) / bands,
      1,
      std::max<std::size_t>(1, task.rows / kLeastRows));
  return pieces;
}

/// Whether threads are woken for a product of few rows, which costs a few
/// microseconds.
inline bool is_worth_threads(const Linear& task) {
  constexpr std::size_t kLeast = 1u << 16;
  return task.out * task.in >= kLeast;
}

/// Calls f with `n`, from 1 to kMost, as a constant.
template <std::size_t kMost, class Function>
void with_count(std::size_t n, const Function& f) {
  if constexpr (kMost > 1) {
    if (n < kMost) {
      return with_count<kMost - 1>(n, f);
    }
  }
  f(std::integral_constant<std::size_t, kMost>());
}

} // namespace mlxaudio::kernels
