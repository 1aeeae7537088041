// SPDX-License-Identifier: MIT
#include "cli/scoring.h"

#include <gtest/gtest.h>

namespace mlxaudio::cli {
namespace {

TEST(Scorer, PicksTheNormalizerByLanguage) {
  const Scorer scorer({});
  const Score english = scorer.score("Mr. Two", " mister 2", "en");
  EXPECT_EQ(english.normalizer, "english");
  EXPECT_EQ(english.words.edits(), 0U);
  EXPECT_EQ(english.words.hits, 2U);
  const Score german = scorer.score("Mr. Zwei", "mr zwei!", "de");
  EXPECT_EQ(german.normalizer, "basic");
  EXPECT_EQ(german.words.edits(), 0U);
}

TEST(Scorer, TakesTheNormalizerThatItIsGiven) {
  EXPECT_EQ(
      Scorer({.normalizer = "basic"}).score("Two", "2", "en").words.edits(),
      1U);
  const Scorer none({.normalizer = "none"});
  EXPECT_EQ(none.score("A b", "a  b\n", "en").words.substitutions, 1U);
  EXPECT_EQ(none.score("A b", "a  b\n", "en").characters.edits(), 1U);
  const Scorer letters({.normalizer = "basic", .split_letters = true});
  EXPECT_EQ(letters.score("日本", "日木", "ja").words.hits, 1U);
  const Scorer marks({.normalizer = "basic", .remove_diacritics = true});
  EXPECT_EQ(marks.score("café", "cafe", "fr").words.edits(), 0U);
}

TEST(Scorer, CountsWordsAndCharacters) {
  const Score score =
      Scorer({}).score("the cat sat on mats", "a cat sat mats too", "en");
  EXPECT_EQ(score.words, (text::EditCounts{3, 1, 1, 1}));
  EXPECT_EQ(score.characters.reference(), 19U);
  EXPECT_DOUBLE_EQ(score.words.rate().value(), 0.6);
  EXPECT_EQ(
      word_diff(score.reference, score.hypothesis, score.edits),
      "[-the-] {+a+} cat sat [-on-] mats {+too+}");
}

TEST(Scorer, TakesTextsWithNothingInThem) {
  EXPECT_EQ(Scorer({}).score("", "(laughs)", "en").words.rate(), 0.0);
  const Score invented = Scorer({}).score(" ", "thank you", "en");
  EXPECT_EQ(invented.words, (text::EditCounts{0, 0, 0, 2}));
  EXPECT_FALSE(invented.words.rate());
  EXPECT_EQ(Scorer({}).score("thank you", "", "en").words.rate(), 1.0);
}

TEST(WordDiff, PutsNeighboursTogether) {
  const std::vector<std::string> a = words_of("one two three four");
  const std::vector<std::string> b = words_of("one 2 3 four");
  EXPECT_EQ(
      word_diff(a, b, align_words(a, b)),
      "one [-two three-] {+2 3+} four");
  EXPECT_EQ(word_diff({}, {}, {}), "");
}

} // namespace
} // namespace mlxaudio::cli
