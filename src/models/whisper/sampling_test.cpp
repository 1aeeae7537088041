// SPDX-License-Identifier: MIT
#include "models/whisper/sampling.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "mlxaudio/error.h"

namespace mlxaudio::whisper {
namespace {

constexpr float kImpossible = -std::numeric_limits<float>::infinity();

TEST(Sample, TakesTheFirstTokenWhoseCumulativeProbabilityIsAboveTheDraw) {
  // Probabilities 0.25, 0, 0.25, 0.5.
  const std::vector<float> logits{0, kImpossible, 0, std::log(2.0F)};
  EXPECT_EQ(sample(logits, 1, 0), 0);
  EXPECT_EQ(sample(logits, 1, 0.2499), 0);
  EXPECT_EQ(sample(logits, 1, 0.2501), 2);
  EXPECT_EQ(sample(logits, 1, 0.4999), 2);
  EXPECT_EQ(sample(logits, 1, 0.5001), 3);
  EXPECT_EQ(sample(logits, 1, 1 - 0x1p-53), 3);
}

TEST(Sample, DividesByTheTemperature) {
  // At 0.5 the odds are squared: 1 to 16, not 1 to 4.
  const std::vector<float> logits{0, std::log(4.0F)};
  EXPECT_EQ(sample(logits, 1, 0.19), 0);
  EXPECT_EQ(sample(logits, 0.5, 0.19), 1);
  EXPECT_EQ(sample(logits, 0.5, 0.058), 0);
}

TEST(Sample, NeverTakesTheImpossible) {
  const std::vector<float> logits{
      kImpossible,
      -3,
      kImpossible,
      -3,
      kImpossible};
  for (const double u : {0.0, 0.25, 0.5, 0.75, 1 - 0x1p-53}) {
    EXPECT_NE(
        logits[static_cast<std::size_t>(sample(logits, 0.2, u))],
        kImpossible);
  }
  EXPECT_THROW(
      sample(std::vector<float>{kImpossible, kImpossible}, 1, 0.5),
      ArgumentError);
  EXPECT_THROW(
      sample(
          std::vector<float>{0, std::numeric_limits<float>::quiet_NaN()},
          1,
          0.5),
      ArgumentError);
}

/// Chi-square of 100 000 draws at a temperature against the softmax at
/// another, over 64 tokens.
double chi_square(double temperature, double expected_temperature) {
  constexpr int kDraws = 100'000;
  constexpr std::size_t kTokens = 64;
  std::vector<float> logits(kTokens);
  std::vector<double> expected(kTokens);
  double total = 0;
  for (std::size_t i = 0; i < kTokens; ++i) {
    logits[i] = static_cast<float>((i * 37) % kTokens) / 24;
    expected[i] = std::exp(logits[i] / expected_temperature);
    total += expected[i];
  }
  std::vector<int> seen(kTokens);
  for (int i = 0; i < kDraws; ++i) {
    // All four words of the counter have a part in it.
    const auto n = static_cast<std::uint32_t>(i);
    const Draws draws{.seed = 17, .window = n / 5000, .attempt = n / 1000 % 5};
    const double u = draws.uniform(n % 5, n / 5 % 200);
    ++seen[static_cast<std::size_t>(sample(logits, temperature, u))];
  }
  double statistic = 0;
  for (std::size_t i = 0; i < kTokens; ++i) {
    const double mean = kDraws * expected[i] / total;
    statistic += (seen[i] - mean) * (seen[i] - mean) / mean;
  }
  return statistic;
}

TEST(Sample, IsDistributedAsTheSoftmax) {
  // 63 degrees of freedom: below 24 and above 120 once in 100 000 times each.
  for (const double temperature : {0.4, 1.0, 2.0}) {
    const double statistic = chi_square(temperature, temperature);
    EXPECT_GT(statistic, 24) << temperature;
    EXPECT_LT(statistic, 120) << temperature;
  }
  // The test is sharp enough to see an error of 5 % in the temperature.
  EXPECT_GT(chi_square(1.0, 1.05), 120);
}

TEST(Draws, DifferInEachPartOfTheirPlace) {
  const Draws draws{.seed = 1, .window = 2, .attempt = 3};
  const double u = draws.uniform(4, 5);
  EXPECT_EQ(Draws(draws).uniform(4, 5), u);
  EXPECT_NE(draws.uniform(5, 5), u);
  EXPECT_NE(draws.uniform(4, 6), u);
  EXPECT_NE((Draws{.seed = 1, .window = 3, .attempt = 3}).uniform(4, 5), u);
  EXPECT_NE((Draws{.seed = 1, .window = 2, .attempt = 4}).uniform(4, 5), u);
  EXPECT_NE((Draws{.seed = 2, .window = 2, .attempt = 3}).uniform(4, 5), u);
  // The upper half of the seed counts too.
  EXPECT_NE(
      (Draws{.seed = 1 | std::uint64_t{1} << 32, .window = 2, .attempt = 3})
          .uniform(4, 5),
      u);
}

/// docs/sampling.md: counter {row, step, attempt, window}, key {low, high}.
TEST(Draws, ArePhiloxWordsOfTheirPlace) {
  const Draws draws{
      .seed = 0x299f31d0a4093822,
      .window = 0x03707344,
      .attempt = 0x13198a2e};
  // Random123's third known answer: d16cfe09 94fdcceb.
  const auto bits = 0xd16cfe0994fdccebULL >> 11;
  EXPECT_EQ(
      draws.uniform(0x243f6a88, 0x85a308d3),
      static_cast<double>(bits) * 0x1p-53);
}

} // namespace
} // namespace mlxaudio::whisper
