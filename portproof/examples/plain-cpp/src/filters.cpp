// SPDX-License-Identifier: MIT
#include "filters.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace tinyvad {

std::vector<float> window(int n) {
  std::vector<float> w(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    const double angle = 2 * std::numbers::pi * i / n;
    w[static_cast<std::size_t>(i)] =
        static_cast<float>(0.5 - 0.5 * std::cos(angle));
  }
  return w;
}

Matrix filter_bank(int n_fft, int rate) {
  Matrix bank(kBands, n_fft / 2 + 1);
  for (int b = 0; b < kBands; ++b) {
    const double low = kEdges[static_cast<std::size_t>(b)];
    const double peak = kEdges[static_cast<std::size_t>(b) + 1];
    const double high = kEdges[static_cast<std::size_t>(b) + 2];
    for (int k = 0; k < bank.columns; ++k) {
      const double hertz = static_cast<double>(k) * rate / n_fft;
      const double up = (hertz - low) / (peak - low);
      const double down = (high - hertz) / (high - peak);
      bank.row(b)[k] = static_cast<float>(std::max(0.0, std::min(up, down)));
    }
  }
  return bank;
}

Matrix frames(const std::vector<float>& samples) {
  if (samples.empty()) {
    throw std::invalid_argument("no samples");
  }
  const int n = static_cast<int>(samples.size());
  const int more = n > kFrame ? (n - kFrame + kHop - 1) / kHop : 0;
  Matrix out(more + 1, kFrame);
  for (int t = 0; t < out.rows; ++t) {
    for (int i = 0; i < kFrame && t * kHop + i < n; ++i) {
      out.row(t)[i] = samples[static_cast<std::size_t>(t * kHop + i)];
    }
  }
  return out;
}

Matrix energies(const std::vector<float>& samples) {
  const Matrix cut = frames(samples);
  const std::vector<float> w = window(kFrame);
  const Matrix bank = filter_bank();
  Matrix out(cut.rows, kBands);
  for (int t = 0; t < cut.rows; ++t) {
    std::vector<double> power(static_cast<std::size_t>(bank.columns));
    for (int k = 0; k < bank.columns; ++k) {
      double re = 0;
      double im = 0;
      for (int i = 0; i < kFrame; ++i) {
        const double x = cut.row(t)[i] * w[static_cast<std::size_t>(i)];
        const double angle = 2 * std::numbers::pi * k * i / kFrame;
        re += x * std::cos(angle);
        im -= x * std::sin(angle);
      }
      power[static_cast<std::size_t>(k)] = re * re + im * im;
    }
    for (int b = 0; b < kBands; ++b) {
      double sum = 0;
      for (int k = 0; k < bank.columns; ++k) {
        sum += power[static_cast<std::size_t>(k)] * bank.row(b)[k];
      }
      out.row(t)[b] = std::log10(std::max(static_cast<float>(sum), kFloor));
    }
  }
  return out;
}

} // namespace tinyvad
