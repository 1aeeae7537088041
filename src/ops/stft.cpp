// SPDX-License-Identifier: MIT
// Ports the window, STFT and mel filters of mlx_audio/dsp.py (mlx-audio 0.6.2).
// Copyright (c) 2024 Prince Canuma, https://github.com/Blaizzy/mlx-audio (MIT)
#include "ops/stft.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "mlx/fft.h"
#include "mlx/ops.h"
#include "ops/check.h"

namespace mlxaudio::ops {
namespace {

// AUDIT(f32-scalar): windows and spectra are f32 on every device
mx::array scalar(double value) {
  return mx::array(static_cast<float>(value));
}

mx::array reversed(const mx::array& x) {
  return mx::slice(x, {-1}, {-x.shape(0) - 1}, {-1});
}

mx::array pad_ends(const mx::array& x, int padding, PadMode pad_mode) {
  if (pad_mode == PadMode::constant) {
    return mx::pad(x, std::pair(padding, padding));
  }
  const int n = x.shape(0);
  // As Python's slices: a short signal is padded by what it has.
  const int reach = std::clamp(n - 1, 0, padding);
  if (reach == 0) {
    return x;
  }
  const mx::array prefix = reversed(mx::slice(x, {1}, {reach + 1}));
  const mx::array suffix = reversed(mx::slice(x, {n - reach - 1}, {n - 1}));
  return mx::concatenate({prefix, x, suffix});
}

// Slaney's scale is linear up to 1 kHz and logarithmic above.
constexpr double kHzPerMel = 200.0 / 3;
constexpr double kMinLogHz = 1000.0;
constexpr double kMinLogMel = kMinLogHz / kHzPerMel;

double log_step() {
  return std::log(6.4) / 27.0;
}

double hz_to_mel(double freq, MelScale mel_scale) {
  if (mel_scale == MelScale::htk) {
    return 2595.0 * std::log10(1.0 + freq / 700.0);
  }
  return freq >= kMinLogHz
             ? kMinLogMel + std::log(freq / kMinLogHz) / log_step()
             : freq / kHzPerMel;
}

mx::array mel_to_hz(const mx::array& mels, MelScale mel_scale) {
  if (mel_scale == MelScale::htk) {
    return mx::multiply(
        scalar(700.0),
        mx::subtract(
            mx::power(scalar(10.0), mx::divide(mels, scalar(2595.0))),
            scalar(1.0)));
  }
  const mx::array above = mx::multiply(
      scalar(kMinLogHz),
      mx::exp(mx::multiply(
          scalar(log_step()),
          mx::subtract(mels, scalar(kMinLogMel)))));
  // The reference adds the scale's origin, 0, which leaves every value as it
  // is.
  const mx::array below = mx::multiply(scalar(kHzPerMel), mels);
  return mx::where(mx::greater_equal(mels, scalar(kMinLogMel)), above, below);
}

} // namespace

mx::array hanning(int size, bool periodic) {
  const double denom = periodic ? size : size - 1;
  if (size <= 0) {
    return mx::zeros({0}, mx::float32);
  }
  if (denom == 0) {
    throw ArgumentError(fmt::format(
        "[ops.hanning] a window of {} has no width to divide by",
        size));
  }
  std::vector<float> window(static_cast<std::size_t>(size));
  for (int n = 0; n < size; ++n) {
    window[static_cast<std::size_t>(n)] = static_cast<float>(
        0.5 * (1 - std::cos(2 * std::numbers::pi * n / denom)));
  }
  return mx::array(window.begin(), {size}, mx::float32);
}

mx::array stft(
    const mx::array& x,
    const mx::array& window,
    int n_fft,
    int hop_length,
    bool center,
    PadMode pad_mode) {
  expect(x.ndim() == 1, "ops.stft", "samples [N]", x.shape());
  expect(
      window.ndim() == 1 && window.shape(0) <= n_fft,
      "ops.stft",
      fmt::format("a window of at most {}", n_fft),
      window.shape());
  mx::array w = window;
  if (w.shape(0) < n_fft) {
    const int padding = n_fft - w.shape(0);
    w = mx::pad(w, std::pair(padding / 2, padding - padding / 2));
  }
  const mx::array signal = center ? pad_ends(x, n_fft / 2, pad_mode) : x;
  expect(
      signal.shape(0) >= n_fft,
      "ops.stft",
      fmt::format("at least {} samples", n_fft),
      signal.shape());
  const int num_frames = 1 + (signal.shape(0) - n_fft) / hop_length;
  const mx::array frames =
      mx::as_strided(signal, {num_frames, n_fft}, {hop_length, 1}, 0);
  return mx::fft::rfft(mx::multiply(frames, w));
}

mx::array mel_filters(
    int sample_rate,
    int n_fft,
    int n_mels,
    MelScale mel_scale,
    bool unit_area) {
  const int n_freqs = n_fft / 2 + 1;
  const mx::array all_freqs =
      // NOLINTNEXTLINE(bugprone-integer-division): as the reference
      mx::linspace(0, sample_rate / 2, n_freqs, mx::float32);
  const double m_min = hz_to_mel(0, mel_scale);
  const double m_max = hz_to_mel(sample_rate / 2.0, mel_scale);
  const mx::array m_pts = mx::linspace(m_min, m_max, n_mels + 2, mx::float32);
  const mx::array f_pts = mel_to_hz(m_pts, mel_scale);

  const auto part = [](const mx::array& a, int begin, int end) {
    return mx::slice(a, {begin}, {end});
  };
  const auto columns = [&](const mx::array& a, int begin, int end) {
    return mx::slice(a, {0, begin}, {n_freqs, end});
  };
  const mx::array f_diff =
      mx::subtract(part(f_pts, 1, n_mels + 2), part(f_pts, 0, n_mels + 1));
  const mx::array slopes =
      mx::subtract(mx::expand_dims(f_pts, 0), mx::expand_dims(all_freqs, 1));
  const mx::array down_slopes = mx::divide(
      mx::negative(columns(slopes, 0, n_mels)),
      part(f_diff, 0, n_mels));
  const mx::array up_slopes =
      mx::divide(columns(slopes, 2, n_mels + 2), part(f_diff, 1, n_mels + 1));
  mx::array filterbank = mx::maximum(
      mx::zeros_like(down_slopes),
      mx::minimum(down_slopes, up_slopes));
  if (unit_area) {
    const mx::array enorm = mx::divide(
        scalar(2.0),
        mx::subtract(part(f_pts, 2, n_mels + 2), part(f_pts, 0, n_mels)));
    filterbank = mx::multiply(filterbank, mx::expand_dims(enorm, 0));
  }
  return mx::moveaxis(filterbank, 0, 1);
}

} // namespace mlxaudio::ops
