// SPDX-License-Identifier: MIT
#include "models/whisper/token_decoder.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace mlxaudio::whisper {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

TEST(GreedyDecoder, TakesTheBestAndAddsItsLogProbability) {
  GreedyDecoder decoder(0, 3);
  const StepLogits logits{4, {0, 2, 1, -1, 5, 1, 0, 6}};
  Sequences tokens{{0}, {0}};
  std::vector<float> sums{-1, 0};
  EXPECT_FALSE(decoder.update(tokens, logits, sums));
  EXPECT_EQ(tokens, (Sequences{{0, 1}, {0, 3}}));
  const auto log_prob = [](const std::vector<double>& row, double chosen) {
    double sum = 0;
    for (const double x : row) {
      sum += std::exp(x);
    }
    return chosen - std::log(sum);
  };
  EXPECT_NEAR(sums[0], -1 + log_prob({0, 2, 1, -1}, 2), 1e-6);
  EXPECT_NEAR(sums[1], log_prob({5, 1, 0, 6}, 6), 1e-6);
}

TEST(GreedyDecoder, KeepsAnEndedSequenceEnded) {
  GreedyDecoder decoder(0, 3);
  const StepLogits logits{4, {0, 2, 1, -1, 0, 0, 0, 9}};
  Sequences tokens{{0, 3}, {0, 1}};
  std::vector<float> sums{-1, -2};
  EXPECT_TRUE(decoder.update(tokens, logits, sums));
  EXPECT_EQ(tokens, (Sequences{{0, 3, 3}, {0, 1, 3}}));
  EXPECT_EQ(sums[0], -1);
  EXPECT_LT(sums[1], -2);
}

TEST(GreedyDecoder, IgnoresWhatIsImpossible) {
  GreedyDecoder decoder(0, 3);
  const StepLogits logits{4, {kNever, 2, kNever, kNever}};
  Sequences tokens{{0}};
  std::vector<float> sums{0};
  decoder.update(tokens, logits, sums);
  EXPECT_EQ(tokens[0].back(), 1);
  EXPECT_EQ(sums[0], 0);
}

TEST(GreedyDecoder, FinalizeEndsEverySequence) {
  GreedyDecoder decoder(0, 3);
  const auto candidates = decoder.finalize({{{0, 1}}, {{0, 3}}}, {{-1}, {-2}});
  EXPECT_EQ(
      candidates.tokens,
      (std::vector<Sequences>{{{0, 1, 3}}, {{0, 3, 3}}}));
  EXPECT_EQ(
      candidates.sum_logprobs,
      (std::vector<std::vector<double>>{{-1}, {-2}}));
}

TEST(GreedyDecoder, DrawsAtATemperature) {
  // As likely as each other, so the token is the draw's quarter.
  const StepLogits logits{4, std::vector<float>(8, 0)};
  const Draws draws{.seed = 5, .window = 6, .attempt = 7};
  GreedyDecoder decoder(0.8, 3, draws);
  for (int run = 0; run < 2; ++run) {
    decoder.reset();
    for (std::uint32_t step = 0; step < 20; ++step) {
      Sequences tokens{{0}, {0}};
      std::vector<float> sums{0, 0};
      decoder.update(tokens, logits, sums);
      for (std::uint32_t row = 0; row < 2; ++row) {
        EXPECT_EQ(
            tokens[row].back(),
            static_cast<int>(draws.uniform(row, step) * 4));
        // The log probability is that at temperature 1.
        EXPECT_NEAR(sums[row], std::log(0.25), 1e-6);
      }
    }
  }
}

TEST(GreedyDecoder, DrawsNothingForAnEndedSequence) {
  GreedyDecoder decoder(1, 3);
  // A draw would find no token.
  const StepLogits logits{4, {kNever, kNever, kNever, kNever}};
  Sequences tokens{{0, 3}};
  std::vector<float> sums{-1};
  EXPECT_TRUE(decoder.update(tokens, logits, sums));
  EXPECT_EQ(tokens, (Sequences{{0, 3, 3}}));
  EXPECT_EQ(sums[0], -1);
}

} // namespace
} // namespace mlxaudio::whisper
