// SPDX-License-Identifier: MIT
// Ports whisper/audio.py of openai-whisper 20250625.
// Copyright (c) 2022 OpenAI, https://github.com/openai/whisper (MIT, see
// licenses/whisper.txt)
#include "models/whisper/audio.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "mlx/ops.h"
#include "mlx/transforms.h"
#include "mlxaudio/error.h"
#include "ops/log_mel.h"

namespace mlxaudio::whisper {
namespace {

constexpr int kNBins = kNFft / 2 + 1;
constexpr int kReach = kNFft / 2; // of a frame, to either side of its sample

// Slaney's mel scale: linear up to 1 kHz, logarithmic above.
constexpr double kHzPerMel = 200.0 / 3;
constexpr double kMinLogHz = 1000.0;
constexpr double kMinLogMel = kMinLogHz / kHzPerMel;

double mel_to_hz(double mel) {
  const double log_step = std::log(6.4) / 27.0;
  return mel >= kMinLogMel ? kMinLogHz * std::exp(log_step * (mel - kMinLogMel))
                           : kHzPerMel * mel;
}

double highest_mel() {
  const double log_step = std::log(6.4) / 27.0;
  return kMinLogMel + std::log(kSampleRate / 2.0 / kMinLogHz) / log_step;
}

std::vector<float> compute_filters(int n_mels) {
  if (n_mels != 80 && n_mels != 128) {
    throw ArgumentError(fmt::format(
        "[whisper.audio] no checkpoint has {} mel bands: n_mels is 80 or "
        "128",
        n_mels));
  }
  const auto n_points = static_cast<std::size_t>(n_mels) + 2;
  std::vector<double> mel_f(n_points);
  const double step = highest_mel() / static_cast<double>(n_mels + 1);
  for (std::size_t i = 0; i < n_points; ++i) {
    mel_f[i] = mel_to_hz(static_cast<double>(i) * step);
  }
  mel_f.back() = mel_to_hz(highest_mel());
  // As the table's maker multiplies it out: last bits depend on it.
  const double hz_per_bin = 1.0 / (kNFft * (1.0 / kSampleRate));
  std::vector<float> filters;
  filters.reserve((n_points - 2) * kNBins);
  for (std::size_t m = 0; m + 2 < n_points; ++m) {
    const double area = 2.0 / (mel_f[m + 2] - mel_f[m]);
    for (int k = 0; k < kNBins; ++k) {
      const double hz = k * hz_per_bin;
      const double lower = -(mel_f[m] - hz) / (mel_f[m + 1] - mel_f[m]);
      const double upper = (mel_f[m + 2] - hz) / (mel_f[m + 2] - mel_f[m + 1]);
      // The maker stored the triangle before it scaled the area: two roundings.
      // In this order a bin on the edge keeps the sign of its zero, as the
      // maker's does.
      const auto triangle =
          static_cast<float>(std::max(std::min(lower, upper), 0.0));
      filters.push_back(static_cast<float>(triangle * area));
    }
  }
  return filters;
}

mx::array array_of(std::span<const float> values, mx::Shape shape) {
  return mx::array(values.data(), std::move(shape), mx::float32);
}

[[noreturn]] void fail_short(std::int64_t n) {
  throw AudioError(fmt::format(
      "[whisper.audio] {} samples are too few for a spectrogram: give at "
      "least {} ({:.1f} ms), or pad them",
      n,
      kReach + 1,
      1000.0 * (kReach + 1) / kSampleRate));
}

/// The reference's scaling, given the loudest band of all frames.
/// AUDIT(f32-scalar): spectrograms are f32 on every device
mx::array scale(mx::array log_spec, const mx::array& maximum) {
  log_spec = mx::maximum(log_spec, mx::subtract(maximum, mx::array(8.0F)));
  return mx::divide(mx::add(log_spec, mx::array(4.0F)), mx::array(4.0F));
}

mx::array reversed(const mx::array& x) {
  return mx::slice(x, {-1}, {-x.shape(0) - 1}, {-1});
}

} // namespace

mx::array pad_or_trim(const mx::array& array, int length, int axis) {
  const int ndim = static_cast<int>(array.ndim());
  if (length < 0 || axis < -ndim || axis >= ndim) {
    throw ArgumentError(fmt::format(
        "[whisper.audio] no length {} along axis {} of an array of {} "
        "dimensions",
        length,
        axis,
        ndim));
  }
  axis += axis < 0 ? ndim : 0;
  const int have = array.shape(axis);
  if (have > length) {
    mx::Shape stop = array.shape();
    stop[static_cast<std::size_t>(axis)] = length;
    return mx::slice(array, mx::Shape(stop.size(), 0), stop);
  }
  if (have < length) {
    std::vector<std::pair<int, int>> pad_widths(array.ndim(), {0, 0});
    pad_widths[static_cast<std::size_t>(axis)].second = length - have;
    return mx::pad(array, pad_widths);
  }
  return array;
}

mx::array mel_filters(int n_mels) {
  return array_of(compute_filters(n_mels), {n_mels, kNBins});
}

mx::array log_mel_spectrogram(const mx::array& audio, int n_mels, int padding) {
  return log_mel_spectrogram(audio, mel_filters(n_mels), padding);
}

mx::array log_mel_spectrogram(
    const mx::array& audio, const mx::array& filters, int padding) {
  // DEVIATION(whisper-mel-batch): the reference takes [B, N] too; nothing asks
  // for it.
  if (audio.ndim() != 1) {
    throw ArgumentError(fmt::format(
        "[whisper.audio] expected samples [N], got an array of {} dimensions",
        audio.ndim()));
  }
  mx::array x = mx::astype(audio, mx::float32);
  if (padding > 0) {
    x = mx::pad(x, std::pair(0, padding));
  }
  const int n = x.shape(0);
  if (n <= kReach) {
    fail_short(n);
  }
  const mx::array prefix = reversed(mx::slice(x, {1}, {kReach + 1}));
  const mx::array suffix = reversed(mx::slice(x, {n - kReach - 1}, {n - 1}));
  x = mx::concatenate({prefix, x, suffix});
  // The reference drops the last frame: n / 160 of them stay.
  const int n_frames = n / kHopLength;
  x = mx::slice(x, {0}, {(n_frames - 1) * kHopLength + kNFft});
  const mx::array log_spec = ops::log10_mel(x, filters, kNFft, kHopLength);
  return scale(log_spec, mx::max(log_spec));
}

LogMel::LogMel(int n_mels, int padding)
    : filters_(mel_filters(n_mels)), padding_(padding) {
  if (padding < 0) {
    throw ArgumentError(fmt::format(
        "[whisper.audio] the padding of {} samples is negative",
        padding));
  }
}

void LogMel::scan(std::span<const float> samples) {
  if (finished_) {
    throw ArgumentError("[whisper.audio] samples after the end of the audio");
  }
  tail_.insert(tail_.end(), samples.begin(), samples.end());
  n_samples_ += static_cast<std::int64_t>(samples.size());
  // Enough frames at a time to keep the kernel's threads busy, and few enough
  // to keep memory small.
  constexpr std::int64_t kEnough = 1000;
  while ((n_samples_ - kReach) / kHopLength - next_frame_ > kEnough) {
    // AUDIT(sync-in-loop): so that memory stays level over hours of audio
    scan_frames(next_frame_ + kEnough);
  }
}

void LogMel::finish() {
  if (finished_) {
    return;
  }
  if (n_samples_ + padding_ <= kReach) {
    fail_short(n_samples_ + padding_);
  }
  finished_ = true;
  // Frames that lie wholly in the padding are all alike: one of them will do.
  const std::int64_t in_padding =
      (n_samples_ + kReach + kHopLength - 1) / kHopLength + 1;
  scan_frames(std::min(n_frames(), in_padding));
  tail_ = {};
}

void LogMel::scan_frames(std::int64_t end) {
  if (end <= next_frame_) {
    return;
  }
  const auto from_tail = [this](std::int64_t first, std::span<float> out) {
    std::copy_n(tail_.begin() + (first - tail_start_), out.size(), out.begin());
  };
  const mx::array log_spec =
      log10_frames(from_tail, next_frame_, end - next_frame_);
  const float loudest = mx::max(log_spec).item<float>();
  maximum_ = next_frame_ == 0 ? loudest : std::max(maximum_, loudest);
  next_frame_ = end;
  // A reflected end reads back as far as a frame reaches.
  const std::int64_t keep = std::clamp<std::int64_t>(
      next_frame_ * kHopLength - 2 * kReach,
      tail_start_,
      n_samples_);
  tail_.erase(tail_.begin(), tail_.begin() + (keep - tail_start_));
  tail_start_ = keep;
}

mx::array LogMel::log10_frames(
    const Samples& samples, std::int64_t first, std::int64_t n) const {
  // Samples of the padded audio that the frames cover; those before its start
  // and after its end are reflections, those in the padding are zero.
  const std::int64_t begin = first * kHopLength - kReach;
  std::int64_t end = begin + (n - 1) * kHopLength + kNFft;
  if (begin < 0) {
    // The sample that the very first one mirrors lies just beyond one frame.
    end = std::max<std::int64_t>(end, kReach + 1);
  }
  const std::int64_t length = n_samples_ + padding_;
  std::vector<float> x(static_cast<std::size_t>(end - begin), 0.0F);
  const std::int64_t here = std::clamp<std::int64_t>(begin, 0, n_samples_);
  const std::int64_t there = std::clamp<std::int64_t>(end, 0, n_samples_);
  if (here < there) {
    samples(
        here,
        std::span(x).subspan(
            static_cast<std::size_t>(here - begin),
            static_cast<std::size_t>(there - here)));
  }
  const auto at = [&](std::int64_t i) -> float& {
    return x[static_cast<std::size_t>(i - begin)];
  };
  for (std::int64_t i = begin; i < 0; ++i) {
    at(i) = at(-i);
  }
  if (finished_) {
    for (std::int64_t i = std::max(length, begin); i < end; ++i) {
      at(i) = at(2 * (length - 1) - i);
    }
  }
  return ops::log10_mel(
      array_of(x, {static_cast<int>(x.size())}),
      filters_,
      kNFft,
      kHopLength);
}

mx::array LogMel::frames(
    const Samples& samples, std::int64_t seek, int n) const {
  if (!finished_) {
    throw ArgumentError(
        "[whisper.audio] frames asked for before the loudest is known");
  }
  if (seek < 0 || n < 0) {
    throw ArgumentError(
        fmt::format("[whisper.audio] no {} frames from {}", n, seek));
  }
  const std::int64_t count = std::clamp<std::int64_t>(n_frames() - seek, 0, n);
  if (count == 0) {
    return mx::zeros({0, filters_.shape(0)}, mx::float32);
  }
  return scale(log10_frames(samples, seek, count), mx::array(maximum_));
}

mx::array LogMel::frames(
    std::span<const float> audio, std::int64_t seek, int n) const {
  const auto from_audio = [audio](std::int64_t first, std::span<float> out) {
    const auto part =
        audio.subspan(static_cast<std::size_t>(first), out.size());
    std::copy(part.begin(), part.end(), out.begin());
  };
  return frames(from_audio, seek, n);
}

} // namespace mlxaudio::whisper
