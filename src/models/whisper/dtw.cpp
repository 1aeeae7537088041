// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/timing.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt.
#include "models/whisper/dtw.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

namespace {

// What a trace is made of.
constexpr std::int8_t kDiagonal = 0;
constexpr std::int8_t kRowBefore = 1;
constexpr std::int8_t kColumnBefore = 2;

} // namespace

Path backtrace(const Matrix<std::int8_t>& trace) {
  Path path;
  std::size_t i = trace.rows - 1;
  std::size_t j = trace.cols - 1;
  while (i > 0 || j > 0) {
    path.text_indices.push_back(static_cast<int>(i) - 1);
    path.time_indices.push_back(static_cast<int>(j) - 1);
    // Column 0 is written last in the reference, and so wins in the corner.
    // NOLINTNEXTLINE(bugprone-signed-char-misuse): it may be -1
    const int step = j == 0 ? kRowBefore : i == 0 ? kColumnBefore : trace(i, j);
    switch (step) {
      case kDiagonal:
        --i;
        --j;
        break;
      case kRowBefore:
        --i;
        break;
      case kColumnBefore:
        --j;
        break;
      default:
        throw ArgumentError(fmt::format(
            "[whisper.timing] expected 0, 1 or 2 in a trace, got {} in [{}, "
            "{}]",
            step,
            i,
            j));
    }
  }
  // DEVIATION(whisper-empty-trace): that of an empty matrix has an empty path;
  // the reference raises an IndexError.
  std::reverse(path.text_indices.begin(), path.text_indices.end());
  std::reverse(path.time_indices.begin(), path.time_indices.end());
  return path;
}

Path dtw(const Matrix<float>& x) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Matrix<std::int8_t> trace(x.rows + 1, x.cols + 1, -1);
  // Costs of the paths up to the cells of two rows. Sums are f64, as numba
  // makes them.
  std::vector<double> before(x.cols + 1, kInfinity);
  std::vector<double> here(x.cols + 1, kInfinity);
  before[0] = 0;
  for (std::size_t i = 1; i <= x.rows; ++i) {
    here[0] = kInfinity;
    for (std::size_t j = 1; j <= x.cols; ++j) {
      const double c0 = before[j - 1];
      const double c1 = before[j];
      const double c2 = here[j - 1];
      // Of equal ones the last wins.
      double c = c2;
      std::int8_t t = kColumnBefore;
      if (c0 < c1 && c0 < c2) {
        c = c0;
        t = kDiagonal;
      } else if (c1 < c0 && c1 < c2) {
        c = c1;
        t = kRowBefore;
      }
      here[j] = static_cast<double>(x(i - 1, j - 1)) + c;
      trace(i, j) = t;
    }
    std::swap(before, here);
  }
  return backtrace(trace);
}

} // namespace mlxaudio::whisper
