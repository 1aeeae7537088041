// SPDX-License-Identifier: MIT
#include "text/bpe.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "mlxaudio/error.h"
#include "text/gpt2_split.h"

namespace mlxaudio::text {
namespace {

Vocabulary bytes_and(std::vector<std::string> more) {
  Vocabulary vocabulary{"test.tiktoken", {}};
  for (int i = 0; i < 256; ++i) {
    vocabulary.tokens.emplace_back(1, static_cast<char>(i));
  }
  for (std::string& token : more) {
    vocabulary.tokens.push_back(std::move(token));
  }
  return vocabulary;
}

/// tiktoken's own way, plain and quadratic: the lowest rank first, of equal
/// ones the leftmost.
std::vector<std::string> merge_plainly(
    const Vocabulary& vocabulary, const std::string& text) {
  std::vector<std::string> parts;
  for (const char c : text) {
    parts.emplace_back(1, c);
  }
  for (;;) {
    std::size_t best_rank = vocabulary.tokens.size();
    std::size_t best = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      for (std::size_t r = 256; r < best_rank; ++r) {
        if (vocabulary.tokens[r] == parts[i] + parts[i + 1]) {
          best_rank = r;
          best = i;
        }
      }
    }
    if (best_rank == vocabulary.tokens.size()) {
      return parts;
    }
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(Bpe, MergesTheLowestRankFirst) {
  const Vocabulary vocabulary =
      bytes_and({"bc", "ab", "abc", "aa", "aaaa", "ca", "cab", "aab", "bb"});
  const Encoding encoding("test", vocabulary, {});
  for (int bits = 0; bits < 59049; bits += 7) {
    std::string text;
    for (int rest = bits, i = 0; i < 10; ++i, rest /= 3) {
      text.push_back(static_cast<char>('a' + rest % 3));
    }
    std::vector<std::string> parts;
    for (const int token : encoding.encode(text)) {
      parts.push_back(vocabulary.tokens[static_cast<std::size_t>(token)]);
    }
    // A piece that is a token by itself is never cut.
    ASSERT_EQ(parts, merge_plainly(vocabulary, text)) << text;
  }
}

TEST(Bpe, TakesAWholePieceBeforeMerging) {
  // No merge makes "xyz", since "xy" and "yz" are not tokens.
  const Encoding encoding("test", bytes_and({"xyz"}), {});
  EXPECT_EQ(encoding.encode("xyz"), std::vector<int>{256});
  EXPECT_EQ(encoding.encode("xyzw").size(), 4u);
}

TEST(Bpe, LongPiecesTakeNoQuadraticTime) {
  const Encoding encoding("test", bytes_and({"  ", "    "}), {});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(encoding.encode(std::string(1 << 20, ' ')).size(), 1u << 18);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Bpe, RefusesSpecialTokensInText) {
  const Encoding encoding(
      "test",
      bytes_and({}),
      {{"<|end|>", 256}, {"<|begin|>", 257}});
  try {
    encoding.encode("a <|begin|> b <|end|>");
    FAIL();
  } catch (const TokenError& e) {
    EXPECT_NE(std::string(e.what()).find("<|begin|>"), std::string::npos);
  }
  EXPECT_EQ(encoding.encode_ordinary("<|end|>").size(), 7u);
  EXPECT_EQ(encoding.encode("<|end|").size(), 6u);
  EXPECT_EQ(encoding.encode_single_token("<|begin|>"), 257);
  EXPECT_THROW(encoding.encode_single_token("<|no|>"), TokenError);
}

TEST(Bpe, DecodesWithReplacement) {
  const Encoding encoding("test", bytes_and({"\xe4\xbd"}), {{"<|end|>", 257}});
  EXPECT_EQ(encoding.decode(std::vector<int>{256, 0xa0, 257}), "\u4f60<|end|>");
  EXPECT_EQ(encoding.decode(std::vector<int>{256, 'a', 0xff}), "\ufffda\ufffd");
  EXPECT_EQ(encoding.decode_bytes(std::vector<int>{256}), "\xe4\xbd");
  EXPECT_THROW(encoding.decode(std::vector{258}), TokenError);
  EXPECT_THROW(encoding.decode(std::vector{-1}), TokenError);
}

TEST(Bpe, TakesBytesThatAreNotUtf8AsReplacementCharacters) {
  const Encoding encoding("test", bytes_and({}), {});
  EXPECT_EQ(encoding.encode("a\xe4\xbd"), encoding.encode("a\ufffd\ufffd"));
}

TEST(Bpe, RefusesVocabulariesThatCannotEncode) {
  EXPECT_THROW(Encoding("x", bytes_and({"ab", "ab"}), {}), TokenError);
  Vocabulary few = bytes_and({});
  few.tokens.pop_back();
  EXPECT_THROW(Encoding("x", few, {}), TokenError);
}

using Pieces = std::vector<std::string_view>;

TEST(Gpt2Split, CutsWords) {
  EXPECT_EQ(
      gpt2_split("Hello, world 42!"),
      (Pieces{"Hello", ",", " world", " 42", "!"}));
  EXPECT_EQ(
      gpt2_split("it's I'LL we'll'd"),
      (Pieces{"it", "'s", " I", "'", "LL", " we", "'ll", "'d"}));
  EXPECT_EQ(gpt2_split(" 's"), (Pieces{" '", "s"}));
}

TEST(Gpt2Split, LeavesTheLastSpaceToTheWord) {
  EXPECT_EQ(gpt2_split("a   b"), (Pieces{"a", "  ", " b"}));
  EXPECT_EQ(gpt2_split("a\t\tb"), (Pieces{"a", "\t", "\t", "b"}));
  EXPECT_EQ(gpt2_split("a\tb"), (Pieces{"a", "\t", "b"}));
  EXPECT_EQ(gpt2_split("a   "), (Pieces{"a", "   "}));
  EXPECT_EQ(gpt2_split(" "), (Pieces{" "}));
  EXPECT_EQ(gpt2_split(""), Pieces{});
  EXPECT_EQ(gpt2_split("\u3000\u3000x"), (Pieces{"\u3000", "\u3000", "x"}));
}

TEST(Gpt2Split, KnowsSpaceAsRustDoes) {
  // PCRE counts U+180E as space, Python U+001C; Rust neither.
  EXPECT_EQ(gpt2_split("!\u180e!"), Pieces{"!\u180e!"});
  EXPECT_EQ(gpt2_split("!\x1c!"), Pieces{"!\x1c!"});
  EXPECT_EQ(gpt2_split("!\u0085!"), (Pieces{"!", "\u0085", "!"}));
}

} // namespace
} // namespace mlxaudio::text
