// SPDX-License-Identifier: MIT
#include "kernels/log_mel.h"

#include <cmath>
#include <cstdint>
#include <numbers>

#include <gtest/gtest.h>

#include "kernels/threads.h"

namespace mlxaudio::kernels {
namespace {

constexpr std::size_t kHop = 160;

// Numbers that look random, in [-1, 1).
std::vector<float> noise(std::size_t n, std::uint32_t seed = 1) {
  std::vector<float> out(n);
  for (float& x : out) {
    seed = seed * 1664525U + 1013904223U;
    x = static_cast<float>(seed >> 8) / 8388608.0F - 1.0F;
  }
  return out;
}

// Overlapping triangles, the shape of mel filters.
std::vector<float> triangles(std::size_t n_mels) {
  std::vector<float> out(n_mels * kLogMelBins, 0.0F);
  const double width = 200.0 / static_cast<double>(n_mels);
  for (std::size_t m = 0; m < n_mels; ++m) {
    const double center = (static_cast<double>(m) + 0.5) * width;
    for (std::size_t k = 0; k < kLogMelBins; ++k) {
      const double away = std::abs(static_cast<double>(k) - center) / width;
      out[m * kLogMelBins + k] =
          static_cast<float>(std::max(0.0, 1 - away) * 0.02);
    }
  }
  return out;
}

std::vector<float> run(
    const std::vector<float>& x,
    const std::vector<float>& filters,
    std::size_t n_frames) {
  const std::size_t n_mels = filters.size() / kLogMelBins;
  const MelBank bank(filters.data(), n_mels);
  std::vector<float> y(n_frames * n_mels);
  log_mel(
      {.x = x.data(),
       .hop = kHop,
       .n_frames = n_frames,
       .bank = &bank,
       .y = y.data()});
  return y;
}

// One value by the definition of the transform.
double expected(
    const float* frame, const std::vector<float>& filters, std::size_t m) {
  long double energy = 0;
  for (std::size_t k = 0; k < kLogMelBins; ++k) {
    const float weight = filters[m * kLogMelBins + k];
    if (weight == 0) {
      continue;
    }
    long double re = 0;
    long double im = 0;
    for (std::size_t i = 0; i < kLogMelFft; ++i) {
      const long double turn = 2 * std::numbers::pi_v<long double> / kLogMelFft;
      const long double window = 0.5L - 0.5L * std::cos(turn * i);
      const auto angle = turn * static_cast<long double>(i * k % kLogMelFft);
      re += window * frame[i] * std::cos(angle);
      im -= window * frame[i] * std::sin(angle);
    }
    energy += weight * (re * re + im * im);
  }
  return static_cast<double>(std::log10(std::max(energy, 1e-10L)));
}

TEST(LogMel, IsItsDefinition) {
  const auto filters = triangles(80);
  for (const std::size_t n_frames : {1U, 2U, 3U, 4U, 5U, 9U}) {
    const auto x = noise((n_frames - 1) * kHop + kLogMelFft, 3);
    const auto y = run(x, filters, n_frames);
    for (std::size_t t = 0; t < n_frames; ++t) {
      for (std::size_t m = t % 7; m < 80; m += 7) {
        ASSERT_NEAR(y[t * 80 + m], expected(&x[t * kHop], filters, m), 1.2e-7)
            << "frame " << t << " of " << n_frames << ", band " << m;
      }
    }
  }
}

TEST(LogMel, EachBinIsInItsPlace) {
  // One filter for each bin: a tone must come out at its own bin.
  std::vector<float> filters(kLogMelBins * kLogMelBins, 0.0F);
  for (std::size_t k = 0; k < kLogMelBins; ++k) {
    filters[k * kLogMelBins + k] = 1.0F;
  }
  for (std::size_t k = 0; k < kLogMelBins; ++k) {
    std::vector<float> x(kLogMelFft);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>(
          std::cos(2 * std::numbers::pi * static_cast<double>(i * k) / 400));
    }
    const auto y = run(x, filters, 1);
    // The window's sum is 200; a real tone has half of it, but for the ends.
    const double level = k == 0 || k == 200 ? 200.0 : 100.0;
    EXPECT_NEAR(y[k], 2 * std::log10(level), 1e-6) << k;
    for (std::size_t other = 0; other < kLogMelBins; ++other) {
      if (other + 1 < k || other > k + 1) {
        ASSERT_LT(y[other], -6.0F) << k << " leaks into " << other;
      }
    }
  }
}

TEST(LogMel, SilenceIsTheFloor) {
  const auto filters = triangles(80);
  const auto y = run(std::vector<float>(6 * kHop + kLogMelFft), filters, 7);
  for (const float v : y) {
    ASSERT_EQ(v, -10.0F);
  }
}

TEST(LogMel, SilentFramesDoNotTouchTheirNeighbours) {
  const auto filters = triangles(80);
  const std::size_t n_frames = 40;
  auto x = noise((n_frames - 1) * kHop + kLogMelFft);
  std::fill(x.begin() + 2000, x.begin() + 5000, 0.0F);
  const auto y = run(x, filters, n_frames);
  for (std::size_t t = 0; t < n_frames; ++t) {
    const std::vector<float> frame(
        x.begin() + static_cast<std::ptrdiff_t>(t * kHop),
        x.begin() + static_cast<std::ptrdiff_t>(t * kHop + kLogMelFft));
    const auto alone = run(frame, filters, 1);
    for (std::size_t m = 0; m < 80; ++m) {
      ASSERT_EQ(y[t * 80 + m], alone[m]) << t << ", " << m;
    }
  }
}

TEST(LogMel, ThreadsDoNotMatter) {
  const auto filters = triangles(128);
  const std::size_t n_frames = 301;
  const auto x = noise((n_frames - 1) * kHop + kLogMelFft);
  const int before = threads();
  set_threads(1);
  const auto one = run(x, filters, n_frames);
  set_threads(3);
  const auto three = run(x, filters, n_frames);
  set_threads(before);
  EXPECT_EQ(one, three);
}

TEST(LogMel, NotANumberStaysInItsFrames) {
  const auto filters = triangles(80);
  auto x = noise(9 * kHop + kLogMelFft);
  x[5 * kHop + 10] = std::nanf("");
  const auto y = run(x, filters, 10);
  EXPECT_TRUE(std::isnan(y[5 * 80]));
  EXPECT_FALSE(std::isnan(y[0]));
  EXPECT_FALSE(std::isnan(y[6 * 80]));
}

TEST(MelBank, KeepsOnlyWhatIsNotZero) {
  std::vector<float> filters(3 * kLogMelBins, 0.0F);
  filters[5] = 1.0F;
  filters[7] = 2.0F;
  filters[kLogMelBins + 200] = 3.0F;
  const MelBank bank(filters.data(), 3);
  EXPECT_EQ(bank.filters()[0].begin, 5U);
  EXPECT_EQ(bank.filters()[0].weights, (std::vector<double>{1, 0, 2}));
  EXPECT_EQ(bank.filters()[1].begin, 200U);
  EXPECT_EQ(bank.filters()[1].weights, std::vector<double>{3});
  EXPECT_TRUE(bank.filters()[2].weights.empty());
}

} // namespace
} // namespace mlxaudio::kernels
