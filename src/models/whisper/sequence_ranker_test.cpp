// SPDX-License-Identifier: MIT
#include "models/whisper/sequence_ranker.h"

#include <gtest/gtest.h>

namespace mlxaudio::whisper {
namespace {

TEST(MaximumLikelihoodRanker, ByMeanLogProbability) {
  const MaximumLikelihoodRanker ranker(std::nullopt);
  EXPECT_EQ(
      ranker.rank({{{1, 2}, {1, 2, 3, 4}}, {{1}, {}}}, {{-2, -3}, {-5, -1}}),
      (std::vector{1, 0}));
}

TEST(MaximumLikelihoodRanker, ByLengthPenalty) {
  // With alpha 0 lengths do not count; with 1 they count linearly.
  const std::vector<Sequences> tokens{{{1, 2}, std::vector<int>(20, 1)}};
  const std::vector<std::vector<double>> sums{{-2, -3}};
  EXPECT_EQ(
      MaximumLikelihoodRanker(0.0).rank(tokens, sums),
      std::vector<int>{0});
  EXPECT_EQ(
      MaximumLikelihoodRanker(1.0).rank(tokens, sums),
      std::vector<int>{1});
}

} // namespace
} // namespace mlxaudio::whisper
