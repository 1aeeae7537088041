// SPDX-License-Identifier: MIT
#include "model.h"

#include <algorithm>
#include <cmath>

namespace tinyvad {
namespace {

/// One row of a product of a matrix and a vector.
float dot(const Matrix& m, int row, const float* x) {
  float sum = 0;
  for (int i = 0; i < m.columns; ++i) {
    sum += m.row(row)[i] * x[i];
  }
  return sum;
}

} // namespace

float sigmoid(float x) {
  return 1 / (1 + std::exp(-x));
}

std::vector<float> Cell::operator()(
    const float* x, const std::vector<float>& h) const {
  const int n = static_cast<int>(h.size());
  const auto given = [&](int i) {
    return dot(w, i, x) + b[static_cast<std::size_t>(i)];
  };
  std::vector<float> next(h.size());
  for (int i = 0; i < n; ++i) {
    const float r = sigmoid(given(i) + dot(u, i, h.data()));
    const float z = sigmoid(given(n + i) + dot(u, n + i, h.data()));
    const float c =
        std::tanh(given(2 * n + i) + r * dot(u, 2 * n + i, h.data()));
    const auto at = static_cast<std::size_t>(i);
    next[at] = (1 - z) * c + z * h[at];
  }
  return next;
}

std::vector<float> Vad::probabilities(
    const std::vector<float>& samples, const Watcher& watcher) const {
  Matrix heard = energies(samples);
  watcher.energies(heard);
  std::vector<float> h(out.size());
  std::vector<float> said;
  for (int t = 0; t < heard.rows; ++t) {
    std::vector<float> next = cell(heard.row(t), h);
    watcher.cell(heard.row(t), h, next);
    h = next;
    float sum = 0;
    for (std::size_t i = 0; i < h.size(); ++i) {
      sum += out[i] * h[i];
    }
    said.push_back(sigmoid(sum));
  }
  return said;
}

std::vector<bool> Vad::operator()(
    const std::vector<float>& samples, const Options& options) const {
  std::vector<bool> voiced;
  int left = 0;
  for (const float p : probabilities(samples)) {
    const bool heard = p >= options.threshold;
    left = heard ? options.hangover : std::max(left - 1, -1);
    voiced.push_back(heard || left >= 0);
  }
  return voiced;
}

} // namespace tinyvad
