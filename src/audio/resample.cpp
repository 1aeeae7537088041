// SPDX-License-Identifier: MIT
#include "audio/resample.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>
#include <soxr.h>

#include "mlxaudio/error.h"

namespace mlxaudio {
namespace {

struct DeleteSoxr {
  void operator()(soxr* handle) const {
    soxr_delete(handle);
  }
};

constexpr int kMinRate = 1000;
constexpr int kMaxRate = 3'000'000;

// Ends of the pass and the stop band, as parts of the lower rate's half. The
// pass band is the one that comes nearest to ffmpeg's spectrograms of speech,
// since the reference's sound comes through that; the stop band begins where
// aliases would, which ffmpeg's does not.
constexpr double kPassBandEnd = 0.93;
constexpr double kStopBandBegin = 1.0;

} // namespace

struct Resampler::Impl {
  std::unique_ptr<soxr, DeleteSoxr> handle;
  std::int64_t in_rate;
  std::int64_t out_rate;
  std::int64_t n_in = 0;
  std::int64_t n_out = 0;

  // Feeds `n` samples (none: the end) and appends what comes out.
  void feed(const float* in, std::size_t n, std::vector<float>& out) {
    constexpr std::size_t kBlock = 8192;
    while (true) {
      const std::size_t have = out.size();
      out.resize(have + kBlock);
      std::size_t used = 0;
      std::size_t made = 0;
      const soxr_error_t error = soxr_process(
          handle.get(),
          in,
          n,
          &used,
          out.data() + have,
          kBlock,
          &made);
      out.resize(have + made);
      n_out += static_cast<std::int64_t>(made);
      if (error != nullptr) {
        throw AudioError(fmt::format("[audio.resample] libsoxr: {}", error));
      }
      if (in != nullptr) {
        in += used;
        n -= used;
      }
      if (made < kBlock && n == 0) {
        return;
      }
    }
  }
};

Resampler::Resampler(int in_rate, int out_rate) {
  for (const int rate : {in_rate, out_rate}) {
    if (rate < kMinRate || rate > kMaxRate) {
      throw AudioError(fmt::format(
          "[audio.resample] {} Hz is no sample rate of sound: give one "
          "from {} to {} Hz",
          rate,
          kMinRate,
          kMaxRate));
    }
  }
  soxr_error_t error = nullptr;
  const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
  quality.passband_end = kPassBandEnd;
  quality.stopband_begin = kStopBandBegin;
  const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
  std::unique_ptr<soxr, DeleteSoxr> handle(
      soxr_create(in_rate, out_rate, 1, &error, &io, &quality, &runtime));
  if (error != nullptr) {
    throw AudioError(fmt::format("[audio.resample] libsoxr: {}", error));
  }
  impl_ = std::make_unique<Impl>(Impl{
      .handle = std::move(handle),
      .in_rate = in_rate,
      .out_rate = out_rate});
}

Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;
Resampler::~Resampler() = default;

void Resampler::process(std::span<const float> in, std::vector<float>& out) {
  if (in.empty()) {
    return;
  }
  impl_->n_in += static_cast<std::int64_t>(in.size());
  impl_->feed(in.data(), in.size(), out);
}

void Resampler::finish(std::vector<float>& out) {
  const std::int64_t n_wanted =
      (impl_->n_in * impl_->out_rate + impl_->in_rate - 1) / impl_->in_rate;
  if (n_wanted == 0) {
    return;
  }
  // libsoxr rounds the count to the nearest. Silence enough for two samples
  // more makes the last one come from the filter too.
  const std::vector<float> silence(
      static_cast<std::size_t>(2 * impl_->in_rate / impl_->out_rate + 2),
      0.0F);
  impl_->feed(silence.data(), silence.size(), out);
  impl_->feed(nullptr, 0, out);
  out.resize(out.size() - static_cast<std::size_t>(impl_->n_out - n_wanted));
}

Audio resample(const Audio& audio, int sample_rate) {
  if (audio.sample_rate == sample_rate) {
    return audio;
  }
  Audio out{.samples = {}, .sample_rate = sample_rate};
  Resampler resampler(audio.sample_rate, sample_rate);
  resampler.process(audio.samples, out.samples);
  resampler.finish(out.samples);
  return out;
}

} // namespace mlxaudio
