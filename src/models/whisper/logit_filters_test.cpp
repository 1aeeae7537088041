// SPDX-License-Identifier: MIT
#include "models/whisper/logit_filters.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

Tokenizer tokenizer() {
  static const auto encoding = toy::encoding();
  return get_tokenizer(encoding, true, 99, "en", "transcribe");
}

const int kVocab = toy::dims().n_vocab;

StepLogits level(int n_batch = 1, float value = 0) {
  return {
      kVocab,
      std::vector<float>(static_cast<std::size_t>(n_batch * kVocab), value)};
}

/// Whether none of the tokens [begin, end) can be sampled.
bool all_never(std::span<const float> row, int begin, int end) {
  for (int i = begin; i < end; ++i) {
    if (row[static_cast<std::size_t>(i)] != kNever) {
      return false;
    }
  }
  return true;
}

bool none_never(std::span<const float> row, int begin, int end) {
  for (int i = begin; i < end; ++i) {
    if (row[static_cast<std::size_t>(i)] == kNever) {
      return false;
    }
  }
  return true;
}

TEST(SuppressBlank, TakesSpaceAndEndFromTheFirstTokenOnly) {
  const auto t = tokenizer();
  const SuppressBlank filter(t, 3);
  auto logits = level();
  filter.apply(logits, {{1, 2, 3}});
  EXPECT_EQ(logits.row(0)[static_cast<std::size_t>(' ')], kNever);
  EXPECT_EQ(logits.row(0)[static_cast<std::size_t>(t.eot)], kNever);
  EXPECT_EQ(std::count(logits.values.begin(), logits.values.end(), kNever), 2);

  logits = level();
  filter.apply(logits, {{1, 2, 3, 4}});
  EXPECT_EQ(std::count(logits.values.begin(), logits.values.end(), kNever), 0);
}

TEST(SuppressTokens, TakesItsTokensFromEachSequence) {
  auto logits = level(2);
  SuppressTokens({5, 9}).apply(logits, {{1}, {1}});
  for (int k = 0; k < 2; ++k) {
    EXPECT_EQ(logits.row(k)[5], kNever);
    EXPECT_EQ(logits.row(k)[9], kNever);
    EXPECT_EQ(logits.row(k)[6], 0);
  }
}

TEST(RepetitionPenalty, MakesWhatASequenceHasLessLikely) {
  StepLogits logits{5, {4, -2, 1, -4, 3, 4, -2, 1, -4, 3}};
  // Token 0 came twice and counts once; 7 is not in the vocabulary.
  RepetitionPenalty(2).apply(logits, {{0, 1, 0, 7}, {3, 4}});
  EXPECT_EQ(
      logits.values,
      (std::vector<float>{2, -4, 1, -4, 3, 4, -2, 1, -8, 1.5F}));
}

class TimestampRules : public testing::Test {
 protected:
  /// Logits after the rules, for what has been sampled so far. Text and the end
  /// are made probable, so that the last rule (all timestamps together) stays
  /// silent.
  StepLogits after(
      const std::vector<int>& sampled, std::optional<int> max_initial = 50) {
    Sequences tokens{{t.sot, t.sot + 1, t.transcribe}};
    tokens[0].insert(tokens[0].end(), sampled.begin(), sampled.end());
    auto logits = level();
    logits.row(0)[100] = 20;
    logits.row(0)[static_cast<std::size_t>(t.eot)] = 20;
    ApplyTimestampRules(t, 3, max_initial).apply(logits, tokens);
    return logits;
  }
  int at(int position) const {
    return t.timestamp_begin + position;
  }

  const Tokenizer t = tokenizer();
  const int n_vocab = kVocab;
};

TEST_F(TimestampRules, BeginWithATimestampWithinTheLimit) {
  const auto logits = after({});
  EXPECT_TRUE(all_never(logits.row(0), 0, t.timestamp_begin));
  EXPECT_TRUE(none_never(logits.row(0), at(0), at(51)));
  EXPECT_TRUE(all_never(logits.row(0), at(51), n_vocab));
}

TEST_F(TimestampRules, BeginAnywhereWithoutLimit) {
  const auto logits = after({}, std::nullopt);
  EXPECT_TRUE(none_never(logits.row(0), at(0), n_vocab));
}

TEST_F(TimestampRules, TextFollowsTheFirstTimestamp) {
  const auto logits = after({at(10)});
  EXPECT_TRUE(all_never(logits.row(0), at(0), n_vocab));
  EXPECT_EQ(logits.row(0)[static_cast<std::size_t>(t.no_timestamps)], kNever);
  EXPECT_TRUE(none_never(logits.row(0), 0, t.eot + 1));
}

TEST_F(TimestampRules, TextGoesOnOrEndsLaterThanItBegan) {
  const auto logits = after({at(10), 65});
  EXPECT_TRUE(none_never(logits.row(0), 0, t.eot + 1));
  // A segment must have a length.
  EXPECT_TRUE(all_never(logits.row(0), at(0), at(11)));
  EXPECT_TRUE(none_never(logits.row(0), at(11), n_vocab));
}

TEST_F(TimestampRules, AnEndIsFollowedByABeginningOrByTheEnd) {
  const auto logits = after({at(10), 65, at(20)});
  EXPECT_TRUE(all_never(logits.row(0), 0, t.eot));
  EXPECT_TRUE(none_never(logits.row(0), t.eot, t.eot + 1));
  // The next segment may begin where this one ended, not before.
  EXPECT_TRUE(all_never(logits.row(0), at(0), at(20)));
  EXPECT_TRUE(none_never(logits.row(0), at(20), n_vocab));
}

TEST_F(TimestampRules, TextFollowsAPair) {
  const auto logits = after({at(10), 65, at(20), at(20)});
  EXPECT_TRUE(none_never(logits.row(0), 0, t.eot + 1));
  EXPECT_TRUE(all_never(logits.row(0), at(0), n_vocab));
}

TEST_F(TimestampRules, NeverGoBackAfterAPair) {
  const auto logits = after({at(10), 65, at(20), at(30), 66});
  EXPECT_TRUE(all_never(logits.row(0), at(0), at(31)));
  EXPECT_TRUE(none_never(logits.row(0), at(31), n_vocab));
}

TEST_F(TimestampRules, TextOfTheFirstTokenIsNoTimestamp) {
  // Without timestamps before it there is nothing to be later than.
  const auto logits = after({65});
  EXPECT_TRUE(none_never(logits.row(0), at(0), n_vocab));
}

TEST_F(TimestampRules, AllTimestampsTogetherAgainstTheBestText) {
  const auto apply = [&](float text) {
    auto logits = level(1, -50);
    for (int i = at(0); i < n_vocab; ++i) {
      logits.row(0)[static_cast<std::size_t>(i)] = 1;
    }
    logits.row(0)[65] = text;
    ApplyTimestampRules(t, 3, 50).apply(
        logits,
        {{t.sot, t.sot + 1, t.transcribe, at(0), 65, 66}});
    return logits.row(0)[65] == kNever;
  };
  // 1500 timestamps at logit 1 (the first may not come again) weigh as much
  // as one at 1 + log(1500).
  const auto together = static_cast<float>(1 + std::log(1500));
  EXPECT_TRUE(apply(together - 0.001F));
  EXPECT_FALSE(apply(together + 0.001F));
}

TEST_F(TimestampRules, EachSequenceByItself) {
  auto logits = level(2);
  logits.row(0)[100] = 20;
  logits.row(1)[100] = 20;
  ApplyTimestampRules(t, 1, 50).apply(
      logits,
      {{t.sot, at(3), 65}, {t.sot, at(9), 65}});
  EXPECT_TRUE(none_never(logits.row(0), at(4), n_vocab));
  EXPECT_TRUE(all_never(logits.row(1), at(0), at(10)));
  EXPECT_TRUE(none_never(logits.row(1), at(10), n_vocab));
}

TEST(TimestampOrText, ATieIsAsTheReferencesRoundingHasIt) {
  const auto t = tokenizer();
  const auto kept = [&t](float second) {
    auto logits = level(1, kNever);
    const auto row = logits.row(0);
    row[100] = 1.0F;
    row[static_cast<std::size_t>(t.timestamp_begin) + 9] = 1.0F;
    row[static_cast<std::size_t>(t.timestamp_begin) + 10] = second;
    ApplyTimestampRules(t, 3, 50).apply(logits, {{1, 2, 3, 4}});
    return logits.row(0)[100] != kNever;
  };
  // The second timestamp weighs less than a digit of f32.
  EXPECT_TRUE(kept(-20));
  EXPECT_TRUE(kept(kNever));
  EXPECT_FALSE(kept(-10));
}

} // namespace
} // namespace mlxaudio::whisper
