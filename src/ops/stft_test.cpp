// SPDX-License-Identifier: MIT
#include "ops/stft.h"

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "mlx/ops.h"
#include "mlx/transforms.h"
#include "mlxaudio/error.h"

namespace mlxaudio::ops {
namespace {

std::vector<float> values(const mx::array& a) {
  mx::array flat = mx::flatten(mx::contiguous(mx::astype(a, mx::float32)));
  flat.eval();
  return {flat.data<float>(), flat.data<float>() + flat.size()};
}

mx::array ramp(int n) {
  return mx::arange(n, mx::float32);
}

TEST(Hanning, PeriodicAndSymmetric) {
  const auto periodic = values(hanning(400, true));
  const auto symmetric = values(hanning(5));
  EXPECT_EQ(periodic[0], 0.0F);
  EXPECT_EQ(periodic[200], 1.0F);
  EXPECT_NE(periodic[399], 0.0F);
  EXPECT_EQ(symmetric.front(), 0.0F);
  EXPECT_EQ(symmetric.back(), 0.0F);
  EXPECT_EQ(symmetric[2], 1.0F);
  EXPECT_FLOAT_EQ(symmetric[1], 0.5F);
}

TEST(Hanning, ANegativeSizeIsNoWindow) {
  EXPECT_EQ(hanning(0, true).shape(), mx::Shape{0});
  EXPECT_EQ(hanning(-3).shape(), mx::Shape{0});
}

// Bin k of a frame, by definition.
std::complex<double> bin(const std::vector<double>& frame, int k) {
  std::complex<double> sum = 0;
  const auto n = static_cast<double>(frame.size());
  for (std::size_t i = 0; i < frame.size(); ++i) {
    sum +=
        frame[i] *
        std::polar(1.0, -2 * std::numbers::pi * k * static_cast<double>(i) / n);
  }
  return sum;
}

TEST(Stft, ReflectsAtBothEnds) {
  // 0 1 2 ... 9 with frames of 8 around samples 0, 3, 6, 9.
  const mx::array window = mx::ones({8});
  const mx::array y = stft(ramp(10), window, 8, 3);
  ASSERT_EQ(y.shape(), (mx::Shape{4, 5}));
  const auto re = values(mx::real(y));
  const std::vector<std::vector<double>> frames = {
      {4, 3, 2, 1, 0, 1, 2, 3},
      {1, 0, 1, 2, 3, 4, 5, 6},
      {2, 3, 4, 5, 6, 7, 8, 9},
      {5, 6, 7, 8, 9, 8, 7, 6}};
  for (int t = 0; t < 4; ++t) {
    for (int k = 0; k < 5; ++k) {
      EXPECT_NEAR(
          re[static_cast<std::size_t>(5 * t + k)],
          bin(frames[static_cast<std::size_t>(t)], k).real(),
          1e-5)
          << t << ", " << k;
    }
  }
}

TEST(Stft, PadsWithZerosWhenAsked) {
  const mx::array y =
      stft(ramp(10), mx::ones({8}), 8, 3, true, PadMode::constant);
  const auto re = values(mx::real(y));
  EXPECT_NEAR(re[0], 0 + 1 + 2 + 3, 1e-5);
  EXPECT_NEAR(re[15], 5 + 6 + 7 + 8 + 9, 1e-5);
}

TEST(Stft, AShortSignalIsReflectedAsFarAsItGoes) {
  const mx::array y = stft(ramp(10), mx::ones({20}), 20, 7);
  ASSERT_EQ(y.shape(), (mx::Shape{2, 11}));
  const auto re = values(mx::real(y));
  EXPECT_NEAR(re[0], 45 + 45 + 8, 1e-4);
  EXPECT_NEAR(re[11], 2 + 1 + 45 + 8 + 7 + 6 + 5 + 4 + 3 + 2 + 1, 1e-4);
}

TEST(Stft, ShortWindowIsCentred) {
  const mx::array y = stft(ramp(8), mx::ones({4}), 8, 8, false);
  ASSERT_EQ(y.shape(), (mx::Shape{1, 5}));
  EXPECT_NEAR(values(mx::real(y))[0], 2 + 3 + 4 + 5, 1e-5);
}

TEST(Stft, TooShortIsAnError) {
  EXPECT_THROW(stft(ramp(3), mx::ones({8}), 8, 2), ArgumentError);
  EXPECT_THROW(stft(mx::zeros({0}), mx::ones({8}), 8, 2), ArgumentError);
  EXPECT_THROW(stft(ramp(7), mx::ones({8}), 8, 2, false), ArgumentError);
  EXPECT_THROW(stft(ramp(9), mx::ones({9}), 8, 2), ArgumentError);
  EXPECT_THROW(stft(mx::zeros({2, 9}), mx::ones({8}), 8, 2), ArgumentError);
}

TEST(MelFilters, TrianglesOfUnitArea) {
  const mx::array filters = mel_filters(16000, 400, 80, MelScale::slaney, true);
  ASSERT_EQ(filters.shape(), (mx::Shape{80, 201}));
  const auto f = values(filters);
  for (std::size_t m = 0; m < 80; ++m) {
    double area = 0;
    for (std::size_t k = 0; k < 201; ++k) {
      ASSERT_GE(f[m * 201 + k], 0.0F);
      area += f[m * 201 + k] * 40.0; // Hz for each bin
    }
    // The narrow ones fall between few bins.
    EXPECT_NEAR(area, 1.0, m < 40 ? 0.5 : 0.1) << m;
  }
}

TEST(MelFilters, WithoutUnitAreaPeaksAreNearOne) {
  const auto f = values(mel_filters(24000, 1024, 40, MelScale::htk, false));
  for (std::size_t m = 0; m < 40; ++m) {
    float peak = 0;
    for (std::size_t k = 0; k < 513; ++k) {
      peak = std::max(peak, f[m * 513 + k]);
    }
    EXPECT_LE(peak, 1.0F);
    EXPECT_GT(peak, 0.6F) << m;
  }
}

} // namespace
} // namespace mlxaudio::ops
