// SPDX-License-Identifier: MIT
#include "text/edit_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

namespace mlxaudio::text {
namespace {

using Symbols = std::vector<std::uint32_t>;

/// The definition, cell by cell: edits, then substitutions.
EditCounts by_definition(const Symbols& a, const Symbols& b) {
  using Cost = std::pair<std::size_t, std::size_t>;
  std::vector<std::vector<Cost>> table(
      a.size() + 1,
      std::vector<Cost>(b.size() + 1));
  const auto plus = [](Cost cost, std::size_t edits, std::size_t changes) {
    return Cost{cost.first + edits, cost.second + changes};
  };
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      Cost best{a.size() + b.size() + 1, 0};
      if (i == 0 && j == 0) {
        best = {0, 0};
      }
      if (i > 0) {
        best = std::min(best, plus(table[i - 1][j], 1, 0));
      }
      if (j > 0) {
        best = std::min(best, plus(table[i][j - 1], 1, 0));
      }
      if (i > 0 && j > 0) {
        const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
        best = std::min(best, plus(table[i - 1][j - 1], change, change));
      }
      table[i][j] = best;
    }
  }
  const auto [edits, substitutions] = table[a.size()][b.size()];
  const std::size_t indels = edits - substitutions;
  // Deletions less insertions is what the reference is longer by.
  const std::size_t deletions = (indels + a.size() - b.size()) / 2;
  return {
      a.size() - substitutions - deletions,
      substitutions,
      deletions,
      indels - deletions};
}

/// Whether an alignment is one: hits are hits, and both are used up.
void expect_possible(
    const Symbols& a, const Symbols& b, const std::vector<Edit>& edits) {
  std::size_t i = 0;
  std::size_t j = 0;
  for (const Edit edit : edits) {
    const bool both = edit == Edit::hit || edit == Edit::substitution;
    if (both) {
      ASSERT_LT(i, a.size());
      ASSERT_LT(j, b.size());
      ASSERT_EQ(edit == Edit::hit, a[i] == b[j]);
    }
    i += edit != Edit::insertion ? 1 : 0;
    j += edit != Edit::deletion ? 1 : 0;
  }
  EXPECT_EQ(i, a.size());
  EXPECT_EQ(j, b.size());
}

Symbols drawn(std::mt19937& random, std::size_t length, std::uint32_t kinds) {
  Symbols out(length);
  std::generate(out.begin(), out.end(), [&] {
    return static_cast<std::uint32_t>(random() % kinds);
  });
  return out;
}

/// A copy with errors, about one in `rarity`.
Symbols with_errors(
    std::mt19937& random, const Symbols& from, unsigned rarity) {
  Symbols out;
  for (const std::uint32_t symbol : from) {
    switch (random() % rarity) {
      case 0:
        break;
      case 1:
        out.push_back(symbol + 1);
        break;
      case 2:
        out.push_back(symbol);
        out.push_back(static_cast<std::uint32_t>(random() % 7));
        break;
      default:
        out.push_back(symbol);
    }
  }
  return out;
}

TEST(EditDistance, OfShortSequencesIsTheDefinition) {
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    const std::uint32_t kinds = 1 + random() % 5;
    const Symbols a = drawn(random, random() % 12, kinds);
    const Symbols b = drawn(random, random() % 12, kinds);
    const std::vector<Edit> edits = align(a, b);
    expect_possible(a, b, edits);
    EXPECT_EQ(count(edits), by_definition(a, b));
  }
}

TEST(EditDistance, OfLongSequencesIsTheDefinition) {
  std::mt19937 random(2);
  for (const std::size_t length : {200, 700, 1500}) {
    for (const unsigned rarity : {4, 10, 100, 1000}) {
      const Symbols a = drawn(random, length, 50);
      const Symbols b = with_errors(random, a, rarity);
      const std::vector<Edit> edits = align(a, b);
      expect_possible(a, b, edits);
      EXPECT_EQ(count(edits), by_definition(a, b));
    }
    const Symbols a = drawn(random, length, 3);
    const Symbols b = drawn(random, length / 2, 4);
    const std::vector<Edit> edits = align(a, b);
    expect_possible(a, b, edits);
    EXPECT_EQ(count(edits), by_definition(a, b));
    EXPECT_EQ(count(align(b, a)).edits(), count(edits).edits());
  }
}

TEST(EditDistance, AnHoursTextsAreAligned) {
  std::mt19937 random(3);
  const Symbols a = drawn(random, 10000, 3000);
  const Symbols other = drawn(random, 10000, 3000);
  const std::vector<Edit> nothing_alike = align(a, other);
  expect_possible(a, other, nothing_alike);
  EXPECT_GT(count(nothing_alike).edits(), 9000U);

  const Symbols letters = drawn(random, 60000, 27);
  const Symbols heard = with_errors(random, letters, 60);
  const std::vector<Edit> edits = align(letters, heard);
  expect_possible(letters, heard, edits);
  EXPECT_NEAR(static_cast<double>(count(edits).edits()), 3000, 300);
}

TEST(EditDistance, OneSideMayBeEmpty) {
  const Symbols some = {1, 2, 3};
  EXPECT_EQ(count(align(some, {})), (EditCounts{0, 0, 3, 0}));
  EXPECT_EQ(count(align({}, some)), (EditCounts{0, 0, 0, 3}));
  EXPECT_TRUE(align({}, {}).empty());
  const Symbols many(100000, 7);
  EXPECT_EQ(count(align(many, {})).deletions, many.size());
  EXPECT_EQ(count(align({}, many)).insertions, many.size());
}

TEST(EditDistance, TakesTheWayWithTheMostHits) {
  // Two substitutions would do too.
  const std::vector<std::string_view> reference = {"a", "b"};
  const std::vector<std::string_view> hypothesis = {"b", "c"};
  EXPECT_EQ(
      align_words(reference, hypothesis),
      (std::vector<Edit>{Edit::deletion, Edit::hit, Edit::insertion}));
}

TEST(EditDistance, CountsCharactersAndSpaces) {
  EXPECT_EQ(
      count(align_characters(U"kitten sat", U"sittings at")),
      (EditCounts{7, 3, 0, 1}));
}

TEST(EditCounts, AddUpToARate) {
  EditCounts sum{8, 1, 1, 0};
  sum += EditCounts{9, 0, 1, 3};
  EXPECT_EQ(sum, (EditCounts{17, 1, 2, 3}));
  EXPECT_EQ(sum.edits(), 6U);
  EXPECT_EQ(sum.reference(), 20U);
  EXPECT_DOUBLE_EQ(sum.rate().value(), 0.3);
  EXPECT_DOUBLE_EQ(EditCounts().rate().value(), 0);
  EXPECT_FALSE((EditCounts{0, 0, 0, 2}).rate().has_value());
}

} // namespace
} // namespace mlxaudio::text
