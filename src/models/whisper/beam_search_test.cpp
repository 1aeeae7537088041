// SPDX-License-Identifier: MIT
#include "models/whisper/beam_search.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <mlx/array.h>

#include "mlxaudio/error.h"

namespace mlxaudio::whisper {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr int kEot = 4;

/// Notes how its cache is rearranged.
class Noting final : public Inference {
 public:
  mx::array logits(
      const Sequences&, const mx::array&, std::span<const int>) override {
    return mx::array(0.0F);
  }
  void rearrange_kv_cache(std::span<const int> source_indices) override {
    sources.assign(source_indices.begin(), source_indices.end());
  }
  void cleanup_caching() override {}

  std::vector<int> sources;
};

/// Logits whose softmax are these probabilities.
StepLogits logits_of(const std::vector<std::vector<double>>& probabilities) {
  StepLogits logits{static_cast<int>(probabilities.front().size()), {}};
  for (const auto& row : probabilities) {
    for (const double p : row) {
      logits.values.push_back(
          p == 0 ? kNever : static_cast<float>(std::log(p)));
    }
  }
  return logits;
}

float log_of(double p) {
  return static_cast<float>(std::log(p));
}

// --- top_k -----------------------------------------------------------------

TEST(TopK, GreatestFirst) {
  const std::vector<float> values{3, -1, 7, 5, kNever, 6};
  EXPECT_EQ(top_k(values, 1), (std::vector{2}));
  EXPECT_EQ(top_k(values, 3), (std::vector{2, 5, 3}));
  EXPECT_EQ(top_k(values, 6), (std::vector{2, 5, 3, 0, 1, 4}));
  EXPECT_THROW(top_k(values, 0), ArgumentError);
  EXPECT_THROW(top_k(values, 7), ArgumentError);
}

/// As recorded from PyTorch 2.15: `torch.full((51865,), x).topk(6)`, and the
/// same with a greater value in two places.
TEST(TopK, AmongEqualsAsPyTorch) {
  std::vector<float> values(51865, kNever);
  EXPECT_EQ(top_k(values, 6), (std::vector{3, 4, 1, 0, 2, 5}));
  values[100] = values[50000] = 1;
  EXPECT_EQ(top_k(values, 6), (std::vector{100, 50000, 3, 1, 4, 0}));
  EXPECT_EQ(top_k(values, 2), (std::vector{50000, 100}));
}

/// As recorded from PyTorch 2.15. In float32 both tokens are as probable.
TEST(TopK, AmongLogitsThatRoundToEqualProbabilities) {
  std::vector<float> row(51865, -30);
  row[7] = 12;
  row[100] = 1;
  row[200] = std::nextafter(1.0F, 2.0F);
  EXPECT_EQ(top_k(row, 2), (std::vector{7, 200}));
  EXPECT_EQ(top_k(log_softmax(row), 2), (std::vector{7, 100}));
}

// --- updates ---------------------------------------------------------------

TEST(BeamSearchDecoder, BeginsWithDifferentTokensOfEqualBeams) {
  Noting inference;
  BeamSearchDecoder decoder(2, kEot, inference);
  Sequences tokens{{9}, {9}};
  std::vector<float> sums{0, 0};
  const std::vector<double> p{0.1, 0.4, 0.05, 0.3, 0.15};
  EXPECT_FALSE(decoder.update(tokens, logits_of({p, p}), sums));
  EXPECT_EQ(tokens, (Sequences{{9, 1}, {9, 3}}));
  EXPECT_NEAR(sums[0], std::log(0.4), 1e-6);
  EXPECT_NEAR(sums[1], std::log(0.3), 1e-6);
  // Both are continuations of either; the reference takes the last.
  EXPECT_EQ(inference.sources, (std::vector{1, 1}));
}

TEST(BeamSearchDecoder, KeepsTheBestOfAllBeams) {
  Noting inference;
  BeamSearchDecoder decoder(2, kEot, inference);
  Sequences tokens{{9, 1}, {9, 3}};
  std::vector<float> sums{log_of(0.4), log_of(0.3)};
  // 0.4 * 0.3 < 0.3 * 0.5 and 0.3 * 0.45.
  decoder.update(
      tokens,
      logits_of({{0.3, 0.3, 0.2, 0.2, 0}, {0.05, 0.5, 0.45, 0, 0}}),
      sums);
  EXPECT_EQ(tokens, (Sequences{{9, 3, 1}, {9, 3, 2}}));
  EXPECT_EQ(inference.sources, (std::vector{1, 1}));
  EXPECT_NEAR(sums[0], std::log(0.15), 1e-6);
  EXPECT_NEAR(sums[1], std::log(0.135), 1e-6);
}

TEST(BeamSearchDecoder, AnEndLeavesItsPlaceToTheNext) {
  Noting inference;
  BeamSearchDecoder decoder(2, kEot, inference);
  Sequences tokens{{9, 1}, {9, 3}};
  std::vector<float> sums{log_of(0.4), log_of(0.3)};
  // The end of the first ranks second of all, that of the second last.
  EXPECT_FALSE(decoder.update(
      tokens,
      logits_of({{0.5, 0.1, 0, 0, 0.4}, {0.5, 0.3, 0, 0, 0.2}}),
      sums));
  EXPECT_EQ(tokens, (Sequences{{9, 1, 0}, {9, 3, 0}}));
  EXPECT_EQ(inference.sources, (std::vector{0, 1}));
  const auto found = decoder.finalize({tokens}, {sums});
  // The one that ended, and the better one of those that did not.
  EXPECT_EQ(found.tokens, (std::vector<Sequences>{{{9, 1, 4}, {9, 1, 0, 4}}}));
  EXPECT_NEAR(found.sum_logprobs[0][0], std::log(0.16), 1e-6);
  EXPECT_NEAR(found.sum_logprobs[0][1], std::log(0.2), 1e-6);
}

/// Decodes one audio whose beams end with probability 0.4 at each step.
int steps_until_complete(int beam_size, std::optional<double> patience) {
  Noting inference;
  BeamSearchDecoder decoder(beam_size, kEot, inference, patience);
  const auto n = static_cast<std::size_t>(beam_size);
  Sequences tokens(n, {9});
  std::vector<float> sums(n, 0);
  std::vector<double> p(static_cast<std::size_t>(beam_size) + 5, 0.01);
  p[kEot] = 0.4;
  for (int step = 1; step < 50; ++step) {
    if (decoder.update(tokens, logits_of(std::vector(n, p)), sums)) {
      const auto found = decoder.finalize({tokens}, {sums});
      EXPECT_EQ(
          static_cast<int>(found.tokens[0].size()),
          BeamSearchDecoder::max_candidates(beam_size, patience));
      return step;
    }
  }
  return 0;
}

TEST(BeamSearchDecoder, PatienceIsHowManyEndsItWaitsFor) {
  // One end at the first step, where all beams are one; then one for each.
  EXPECT_EQ(steps_until_complete(1, 1.0), 1);
  EXPECT_EQ(steps_until_complete(3, 1.0), 2);
  EXPECT_EQ(steps_until_complete(3, std::nullopt), 2);
  EXPECT_EQ(steps_until_complete(3, 2.0), 3);
  EXPECT_EQ(steps_until_complete(3, 3.0), 4);
}

TEST(BeamSearchDecoder, CountsAsPythonRounds) {
  const auto count = &BeamSearchDecoder::max_candidates;
  EXPECT_EQ(count(5, std::nullopt), 5);
  EXPECT_EQ(count(5, 0.0), 5);
  EXPECT_EQ(count(5, 0.5), 2); // 2.5 to even
  EXPECT_EQ(count(5, 0.3), 2); // 1.5 to even
  EXPECT_EQ(count(1, 1e300), 1 << 30);
  Noting inference;
  EXPECT_THROW(BeamSearchDecoder(0, kEot, inference), ArgumentError);
  EXPECT_THROW(BeamSearchDecoder(1, kEot, inference, 0.5), ArgumentError);
}

TEST(BeamSearchDecoder, EachAudioByItself) {
  Noting inference;
  BeamSearchDecoder decoder(2, kEot, inference);
  Sequences tokens{{9, 0}, {9, 1}, {8, 0}, {8, 1}};
  std::vector<float> sums{-1, -2, -3, -4};
  const std::vector<double> end{0.1, 0.05, 0.05, 0, 0.8};
  const std::vector<double> on{0.5, 0.25, 0.25, 0, 0};
  EXPECT_FALSE(decoder.update(tokens, logits_of({end, end, on, on}), sums));
  EXPECT_EQ(tokens.size(), 4U);
  EXPECT_EQ(tokens[0][0], 9);
  EXPECT_EQ(tokens[2], (std::vector{8, 0, 0}));
  EXPECT_EQ(inference.sources[2], 2);
  EXPECT_THROW(
      [&] {
        Sequences three(3, {9});
        std::vector<float> zeros(3);
        decoder.update(three, logits_of({on, on, on}), zeros);
      }(),
      ArgumentError);
}

TEST(BeamSearchDecoder, ForgetsAnEarlierRun) {
  Noting inference;
  BeamSearchDecoder decoder(1, kEot, inference);
  const std::vector<double> end{0.1, 0.05, 0.05, 0, 0.8};
  for (int run = 0; run < 2; ++run) {
    decoder.reset();
    Sequences tokens{{9}};
    std::vector<float> sums{0};
    EXPECT_TRUE(decoder.update(tokens, logits_of({end}), sums));
    const auto found = decoder.finalize({tokens}, {sums});
    EXPECT_EQ(found.tokens, (std::vector<Sequences>{{{9, kEot}}}));
  }
}

TEST(BeamSearchDecoder, WithoutEndsTheBeamsAreTheCandidates) {
  Noting inference;
  BeamSearchDecoder decoder(3, kEot, inference);
  // The last of equals first.
  const auto found = decoder.finalize({{{1}, {2}, {3}}}, {{-2, -1, -1}});
  EXPECT_EQ(
      found.tokens,
      (std::vector<Sequences>{{{3, kEot}, {2, kEot}, {1, kEot}}}));
  EXPECT_EQ(
      found.sum_logprobs,
      (std::vector<std::vector<double>>{{-1, -1, -2}}));
}

TEST(BeamSearchDecoder, TheImpossibleRanksLast) {
  Noting inference;
  BeamSearchDecoder decoder(3, kEot, inference);
  Sequences tokens{{9}, {9}, {9}};
  std::vector<float> sums{0, 0, 0};
  const std::vector<double> p{0, 0.5, 0.5, 0, 0};
  decoder.update(tokens, logits_of({p, p, p}), sums);
  EXPECT_EQ(tokens[0][1] + tokens[1][1], 3);
  EXPECT_EQ(sums[2], kNever);
  EXPECT_FALSE(std::isnan(sums[0]));
}

} // namespace
} // namespace mlxaudio::whisper
