// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <vector>

namespace tinyvad {

/// \unit Hz
/// \port tinyvad.filters.RATE
inline constexpr int kRate = 8000;
/// \unit samples
/// \port tinyvad.filters.FRAME
inline constexpr int kFrame = 64;
/// \unit samples
/// \port tinyvad.filters.HOP
inline constexpr int kHop = 32;
/// \port tinyvad.filters.BANDS
inline constexpr int kBands = 6;
/// \port tinyvad.filters.FLOOR
inline constexpr float kFloor = 1e-6F;

/// Where the bands' triangles begin, peak and end. \unit Hz
/// \port tinyvad.filters.EDGES
inline constexpr std::array<int, kBands + 2> kEdges = {
    0, 250, 550, 920, 1370, 1920, 2600, 3400};

/// Rows of equal length.
struct Matrix {
  int rows = 0, columns = 0;
  std::vector<float> values;

  Matrix(int r, int c)
      : rows(r), columns(c), values(static_cast<std::size_t>(r) * c) {}
  float* row(int r) {
    return values.data() + static_cast<std::size_t>(r) * columns;
  }
  const float* row(int r) const {
    return values.data() + static_cast<std::size_t>(r) * columns;
  }
};

/// A raised cosine that repeats after n samples.
/// \port tinyvad.filters.window
std::vector<float> window(int n);

/// Weights of each band at each frequency. [bands, n_fft / 2 + 1]
/// \port tinyvad.filters.filter_bank
Matrix filter_bank(int n_fft = kFrame, int rate = kRate);

/// Frames that overlap by half; the last is padded with zeros. [T, kFrame]
/// \port tinyvad.filters.frames
/// \throws std::invalid_argument without samples
Matrix frames(const std::vector<float>& samples);

/// Logarithms of the bands' powers. [T, kBands]
/// \port tinyvad.filters.energies
Matrix energies(const std::vector<float>& samples);

} // namespace tinyvad
