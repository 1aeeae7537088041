// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/timing.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mlxaudio::whisper {

/// Numbers in rows, one row after the other.
template <class T>
struct Matrix {
  Matrix(std::size_t n_rows, std::size_t n_cols, T value = {})
      : rows(n_rows), cols(n_cols), values(n_rows * n_cols, value) {}

  T& operator()(std::size_t i, std::size_t j) {
    return values[i * cols + j];
  }
  const T& operator()(std::size_t i, std::size_t j) const {
    return values[i * cols + j];
  }

  std::size_t rows;
  std::size_t cols;
  std::vector<T> values;
};

/// Cells that a path goes through, from the first to the last.
struct Path {
  std::vector<int> text_indices; ///< rows
  std::vector<int> time_indices; ///< columns
};

/// Walks back from the last cell of a trace to the first.
///
/// \port whisper.timing.backtrace
/// \param trace where the path came from into cell [i + 1, j + 1]: 0 from the
///   row and the column before, 1 from the row before, 2 from the column
///   before. Row 0 and column 0 stand before the first cell.
/// \throws ArgumentError for another number on the way
Path backtrace(const Matrix<std::int8_t>& trace);

/// The cheapest path from the first to the last cell, by dynamic time warping:
/// each step goes on by a row, a column, or both.
///
/// \port whisper.timing.dtw, whisper.timing.dtw_cpu
/// \param x costs of the cells. Where a cost is not a number, steps go along
///   the row, as in the reference.
Path dtw(const Matrix<float>& x);

} // namespace mlxaudio::whisper
