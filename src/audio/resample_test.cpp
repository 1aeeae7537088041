// SPDX-License-Identifier: MIT
#include "audio/resample.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "audio/testing.h"

namespace mlxaudio {
namespace {

constexpr int kTarget = 16000;

Audio tone(double hz, int sample_rate, double seconds) {
  const auto n = static_cast<std::size_t>(sample_rate * seconds);
  Audio out{.samples = std::vector<float>(n), .sample_rate = sample_rate};
  for (std::size_t i = 0; i < n; ++i) {
    out.samples[i] = static_cast<float>(
        0.5 *
        std::sin(
            2 * std::numbers::pi * hz * static_cast<double>(i) / sample_rate));
  }
  return out;
}

// The middle, away from where the sound begins and ends at once.
std::vector<float> middle(const std::vector<float>& x) {
  const auto edge = static_cast<std::ptrdiff_t>(x.size() / 4);
  return {x.begin() + edge, x.end() - edge};
}

double level(const std::vector<float>& x) {
  double sum = 0;
  for (const float v : x) {
    sum += static_cast<double>(v) * v;
  }
  return std::sqrt(sum / static_cast<double>(x.size()));
}

double decibels(double ratio) {
  return 20 * std::log10(std::max(ratio, 1e-15));
}

class Rates : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(
    Resample,
    Rates,
    ::testing::Values(
        8000, 11025, 15999, 22050, 24000, 32000, 44100, 48000, 96000, 192000));

TEST_P(Rates, PassBandIsFlat) {
  const double half = std::min(GetParam(), kTarget) / 2.0;
  const double reference = 0.5 / std::numbers::sqrt2;
  for (const double part : {0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.875, 0.93}) {
    const Audio out = resample(tone(part * half, GetParam(), 1.0), kTarget);
    EXPECT_NEAR(decibels(level(middle(out.samples)) / reference), 0, 0.1)
        << part * half << " Hz";
  }
}

TEST_P(Rates, AliasesAreBelow80Decibels) {
  const int rate = GetParam();
  if (rate <= kTarget) {
    // Images of what the lower rate can hold: all that is not the tone. A whole
    // number of its periods is looked at.
    constexpr std::size_t kBegin = 4000;
    constexpr std::size_t kCount = 8000;
    for (const double part : {0.1, 0.5, 0.9}) {
      const double hz = 2 * std::round(part * rate / 4);
      const Audio out = resample(tone(hz, rate, 1.0), kTarget);
      const auto turn = [&](std::size_t i) {
        return std::polar(
            1.0,
            2 * std::numbers::pi * hz * static_cast<double>(i) / kTarget);
      };
      std::complex<double> tone_part = 0;
      for (std::size_t i = kBegin; i < kBegin + kCount; ++i) {
        tone_part += static_cast<double>(out.samples[i]) * std::conj(turn(i)) *
                     (2.0 / kCount);
      }
      std::vector<float> rest;
      for (std::size_t i = kBegin; i < kBegin + kCount; ++i) {
        rest.push_back(static_cast<float>(
            out.samples[i] - std::real(tone_part * turn(i))));
      }
      EXPECT_LT(decibels(level(rest) / 0.35), -80) << hz << " Hz";
    }
    return;
  }
  for (const double hz : {8000.5, 8100.0, 9000.0, 10500.0, 11900.0, 15000.0}) {
    if (hz >= rate / 2.0) {
      continue;
    }
    const Audio out = resample(tone(hz, rate, 1.0), kTarget);
    EXPECT_LT(decibels(level(middle(out.samples)) / 0.35), -80) << hz << " Hz";
  }
}

TEST_P(Rates, DelayIsZero) {
  const int rate = GetParam();
  for (const double hz : {50.0, 440.0, 3000.0}) {
    const Audio out = resample(tone(hz, rate, 1.0), kTarget);
    // The phase of the tone against the same tone made at the target rate.
    std::complex<double> sum = 0;
    const std::size_t begin = 4000;
    const std::size_t end = 12000;
    for (std::size_t i = begin; i < end; ++i) {
      const double angle =
          2 * std::numbers::pi * hz * static_cast<double>(i) / kTarget;
      sum += static_cast<double>(out.samples[i]) *
             std::polar(1.0, std::numbers::pi / 2 - angle);
    }
    const double delay = -std::arg(sum) / (2 * std::numbers::pi * hz) * kTarget;
    EXPECT_NEAR(delay, 0, 0.001) << hz << " Hz, in samples";
  }
}

TEST_P(Rates, CountCoversTheSound) {
  const std::int64_t rate = GetParam();
  for (const std::int64_t n : {1, 2, 3, 10, 441, 1000, 48001, 100003}) {
    const Audio in{
        .samples = std::vector<float>(static_cast<std::size_t>(n), 0.25F),
        .sample_rate = GetParam()};
    const auto expected =
        static_cast<std::size_t>((n * kTarget + rate - 1) / rate);
    EXPECT_EQ(resample(in, kTarget).samples.size(), expected) << n;
  }
}

TEST_P(Rates, BlocksDoNotMatter) {
  testing::Noise noise;
  Audio in{.samples = {}, .sample_rate = GetParam()};
  for (int i = 0; i < 30011; ++i) {
    in.samples.push_back(static_cast<float>(noise.real(0.5)));
  }
  const auto whole = resample(in, kTarget).samples;
  Resampler resampler(GetParam(), kTarget);
  std::vector<float> parts;
  std::size_t begin = 0;
  for (std::size_t size = 1; begin < in.samples.size(); size = size * 3 + 1) {
    const std::size_t n = std::min(size, in.samples.size() - begin);
    resampler.process(std::span(in.samples).subspan(begin, n), parts);
    begin += n;
  }
  resampler.finish(parts);
  EXPECT_EQ(parts, whole);
}

TEST(Resample, SameRateChangesNothing) {
  const Audio in = tone(440, kTarget, 0.1);
  EXPECT_EQ(resample(in, kTarget).samples, in.samples);
}

TEST(Resample, NothingStaysNothing) {
  EXPECT_TRUE(
      resample({.samples = {}, .sample_rate = 44100}, kTarget).samples.empty());
}

TEST(Resample, AbsurdRatesAreErrors) {
  EXPECT_THROW(Resampler(0, kTarget), AudioError);
  EXPECT_THROW(Resampler(-44100, kTarget), AudioError);
  EXPECT_THROW(Resampler(2'000'000'000, kTarget), AudioError);
  EXPECT_THROW(Resampler(kTarget, 10), AudioError);
}

} // namespace
} // namespace mlxaudio
