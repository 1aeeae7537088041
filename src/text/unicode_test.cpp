// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/sha256.h"
#include "core/utf8.h"
#include "text/general_category.h"
#include "text/graphemes.h"
#include "text/normalization.h"
#include "text/python_unicode.h"

namespace mlxaudio::text {
namespace {

/// What port/whisper/record_unicode.py recorded of the reference's Python.
const Json& golden() {
  static const Json record = read_json(
      std::filesystem::path(MLXAUDIO_SOURCE_DIR) /
      "tests/golden/whisper/unicode.json");
  return record;
}

void expect_the_references(
    const std::string& name,
    const std::function<std::string(char32_t)>& function) {
  Sha256 digest;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c < 0xD800 || c > 0xDFFF) {
      digest.update(function(c) + "\n");
    }
  }
  EXPECT_EQ(digest.hex(), golden()["digests"][name].get<std::string>()) << name;
}

std::string lower_of(std::u32string_view text) {
  return to_utf8(python_lower(text));
}

TEST(Unicode, CategoriesOfAllCharactersAreThoseOfPython) {
  constexpr std::array<std::string_view, 30> kNames = {
      "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl",
      "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc",
      "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"};
  expect_the_references("category", [&](char32_t c) {
    const GeneralCategory category = general_category(c);
    const std::string name(kNames[static_cast<std::size_t>(category)]);
    EXPECT_EQ(major_class(category), name.front());
    return name;
  });
  EXPECT_EQ(general_category(0xD800), GeneralCategory::Cs);
  EXPECT_EQ(general_category(0x110000), GeneralCategory::Cn);
}

TEST(Unicode, WordsAndDigitsAreThoseOfPython) {
  expect_the_references("decimal", [](char32_t c) {
    const auto value = decimal_value(c);
    EXPECT_EQ(value.has_value(), is_python_digit(c));
    return value ? std::to_string(*value) : "";
  });
  expect_the_references("word", [](char32_t c) {
    return is_python_word(c) ? "True" : "False";
  });
}

TEST(Unicode, NormalFormsOfAllCharactersAreThoseOfPython) {
  expect_the_references("nfkd", [](char32_t c) {
    return to_utf8(nfkd({&c, 1}));
  });
  expect_the_references("nfkc", [](char32_t c) {
    return to_utf8(nfkc({&c, 1}));
  });
}

TEST(Unicode, LowerCaseOfAllCharactersIsThatOfPython) {
  const auto with = [](const std::u32string& before,
                       const std::u32string& after) {
    return [=](char32_t c) { return lower_of(before + c + after); };
  };
  expect_the_references("lower", with(U"", U""));
  expect_the_references("lower before sigma", with(U"", U"Σ"));
  expect_the_references("lower between a and sigma", with(U"a", U"Σ"));
  expect_the_references("lower after sigma", with(U"aΣ", U""));
}

TEST(Unicode, SequencesBecomeWhatPythonMakesOfThem) {
  for (const Json& row : golden()["sequences"]) {
    const std::u32string text =
        to_utf32(row["text"].get<std::string>()).value();
    EXPECT_EQ(to_utf8(nfkd(text)), row["nfkd"]) << row["text"];
    EXPECT_EQ(to_utf8(nfkc(text)), row["nfkc"]) << row["text"];
    EXPECT_EQ(lower_of(text), row["lower"]) << row["text"];
    Json letters = Json::array();
    for (const std::u32string_view letter : graphemes(text)) {
      letters.push_back(to_utf8(letter));
    }
    EXPECT_EQ(letters, row["graphemes"]) << row["text"];
  }
}

TEST(Unicode, HangulAndMarksAreTakenApartAndPutTogether) {
  EXPECT_EQ(nfkd(U"\uAC01"), U"\u1100\u1161\u11A8");
  EXPECT_EQ(nfkc(U"\u1100\u1161\u11A8"), U"\uAC01");
  // A mark of a lower class goes first, and does not block the other.
  EXPECT_EQ(nfkd(U"a\u0301\u0323"), U"a\u0323\u0301");
  EXPECT_EQ(nfkc(U"a\u0301\u0323"), U"\u1EA1\u0301");
  EXPECT_EQ(nfkc(U"\uFB01"), U"fi");
}

TEST(Unicode, NothingBecomesNothing) {
  EXPECT_EQ(nfkd(U""), U"");
  EXPECT_EQ(nfkc(U""), U"");
  EXPECT_EQ(python_lower(U""), U"");
  EXPECT_TRUE(graphemes(U"").empty());
  EXPECT_TRUE(python_split(U" \t\u3000").empty());
  EXPECT_EQ(collapse_spaces(U""), U"");
}

TEST(PythonUnicode, SplitsAtAnySpace) {
  const auto words = python_split(U" a\u00A0bc\n\x1c d ");
  ASSERT_EQ(words.size(), 3U);
  EXPECT_EQ(words[0], U"a");
  EXPECT_EQ(words[1], U"bc");
  EXPECT_EQ(words[2], U"d");
}

TEST(PythonUnicode, ASpaceStandsForMany) {
  EXPECT_EQ(collapse_spaces(U"\n\ta \u3000b  "), U" a b ");
}

TEST(PythonUnicode, WordsEndWhereLettersAndNumbersDo) {
  constexpr std::u32string_view kText = U"é_1'²";
  EXPECT_TRUE(is_word_boundary(kText, 0));
  EXPECT_FALSE(is_word_boundary(kText, 1));
  EXPECT_FALSE(is_word_boundary(kText, 2));
  EXPECT_TRUE(is_word_boundary(kText, 3));
  EXPECT_TRUE(is_word_boundary(kText, 4));
  EXPECT_TRUE(is_word_boundary(kText, 5));
  EXPECT_FALSE(is_word_boundary(U"", 0));
}

} // namespace
} // namespace mlxaudio::text
