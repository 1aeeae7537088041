// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/timing.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt.
#include "models/whisper/median_filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

namespace {

/// Columns whose medians are found side by side.
constexpr std::size_t kBlock = 64;

/// Medians of a padded row without NaN: sorts the neighbours of many columns at
/// once, in steps that compilers make vectors of.
void filter(
    std::span<const float> padded, std::size_t width, std::span<float> out) {
  std::vector<std::array<float, kBlock>> sorted(width);
  for (std::size_t first = 0; first < out.size(); first += kBlock) {
    const std::size_t n = std::min(kBlock, out.size() - first);
    for (std::size_t k = 0; k < width; ++k) {
      const auto part = padded.subspan(first + k, n);
      std::copy(part.begin(), part.end(), sorted[k].begin());
    }
    // Bubbles rise until the middle is in its place.
    for (std::size_t end = width - 1; end >= width / 2 && end > 0; --end) {
      for (std::size_t k = 0; k < end; ++k) {
        auto& low = sorted[k];
        auto& high = sorted[k + 1];
        for (std::size_t c = 0; c < kBlock; ++c) {
          const float least = std::min(low[c], high[c]);
          high[c] = std::max(low[c], high[c]);
          low[c] = least;
        }
      }
    }
    std::copy_n(
        sorted[width / 2].begin(),
        n,
        out.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

/// The same where there may be NaN, which is above all numbers.
void filter_with_nan(
    std::span<const float> padded, std::size_t width, std::span<float> out) {
  std::vector<float> window(width);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto part = padded.subspan(i, width);
    std::copy(part.begin(), part.end(), window.begin());
    std::sort(window.begin(), window.end(), [](float a, float b) {
      return std::isnan(b) ? !std::isnan(a) : a < b;
    });
    out[i] = window[width / 2];
  }
}

} // namespace

mx::array median_filter(const mx::array& x, int filter_width) {
  const int pad_width = filter_width / 2;
  const int length = x.shape(-1);
  if (length <= pad_width) {
    return x;
  }
  if (filter_width < 1 || filter_width % 2 == 0) {
    throw ArgumentError(fmt::format(
        "[whisper.timing] expected an odd filter_width, got {}",
        filter_width));
  }
  const mx::array in = mx::contiguous(mx::astype(x, mx::float32));
  mx::eval(in);
  std::vector<float> out(in.size());

  const auto n = static_cast<std::size_t>(length);
  const auto pad = static_cast<std::size_t>(pad_width);
  std::vector<float> padded(n + 2 * pad);
  for (std::size_t row = 0; row < in.size() / n; ++row) {
    const std::span<const float> from(in.data<float>() + row * n, n);
    for (std::size_t i = 0; i < pad; ++i) {
      padded[i] = from[pad - i];
      padded[pad + n + i] = from[n - 2 - i];
    }
    std::copy(
        from.begin(),
        from.end(),
        padded.begin() + static_cast<std::ptrdiff_t>(pad));
    const bool has_nan = std::any_of(from.begin(), from.end(), [](float v) {
      return std::isnan(v);
    });
    (has_nan ? filter_with_nan : filter)(
        padded,
        static_cast<std::size_t>(filter_width),
        std::span(out.data() + row * n, n));
  }
  return mx::array(out.data(), x.shape(), mx::float32);
}

} // namespace mlxaudio::whisper
