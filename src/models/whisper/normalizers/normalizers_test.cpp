// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/utf8.h"
#include "models/whisper/normalizers/basic.h"
#include "models/whisper/normalizers/english.h"
#include "models/whisper/normalizers/spellings.h"

namespace mlxaudio::whisper {
namespace {

std::string number(const std::string& text) {
  static const EnglishNumberNormalizer normalizer;
  return to_utf8(normalizer(to_utf32(text).value()));
}

std::string english(const std::string& text) {
  static const EnglishTextNormalizer normalizer;
  return normalizer(text);
}

std::string spelling(const std::string& text) {
  return to_utf8(EnglishSpellingNormalizer()(to_utf32(text).value()));
}

// The facts of the reference's own tests.

TEST(EnglishNumberNormalizer, KnowsWhatTheReferencesTestsKnow) {
  const std::vector<std::pair<std::string, std::string>> facts = {
      {"two", "2"},
      {"thirty one", "31"},
      {"five twenty four", "524"},
      {"nineteen ninety nine", "1999"},
      {"twenty nineteen", "2019"},
      {"two point five million", "2500000"},
      {"four point two billions", "4200000000s"},
      {"200 thousand", "200000"},
      {"200 thousand dollars", "$200000"},
      {"$20 million", "$20000000"},
      {"€52.4 million", "€52400000"},
      {"£77 thousands", "£77000s"},
      {"two double o eight", "2008"},
      {"three thousand twenty nine", "3029"},
      {"forty three thousand two hundred sixty", "43260"},
      {"forty three thousand two hundred and sixty", "43260"},
      {"nineteen fifties", "1950s"},
      {"thirty first", "31st"},
      {"thirty three thousand and three hundred and thirty third", "33333rd"},
      {"three billion", "3000000000"},
      {"millions", "1000000s"},
      {"july third twenty twenty", "july 3rd 2020"},
      {"august twenty sixth twenty twenty one", "august 26th 2021"},
      {"3 14", "3 14"},
      {"3.14", "3.14"},
      {"3 point 2", "3.2"},
      {"3 point 14", "3.14"},
      {"fourteen point 4", "14.4"},
      {"two point two five dollars", "$2.25"},
      {"two hundred million dollars", "$200000000"},
      {"$20.1 million", "$20100000"},
      {"ninety percent", "90%"},
      {"seventy six per cent", "76%"},
      {"double oh seven", "007"},
      {"double zero seven", "007"},
      {"nine one one", "911"},
      {"nine double one", "911"},
      {"one triple oh one", "10001"},
      {"two thousandth", "2000th"},
      {"thirty two thousandth", "32000th"},
      {"minus 500", "-500"},
      {"positive twenty thousand", "+20000"},
      {"two dollars and seventy cents", "$2.70"},
      {"3 cents", "¢3"},
      {"$0.36", "¢36"},
      {"three euros and sixty five cents", "€3.65"},
      {"three and a half million", "3500000"},
      {"forty eight and a half dollars", "$48.5"},
      {"b747", "b 747"},
      {"10 th", "10th"},
      {"10th", "10th"}};
  for (const auto& [said, written] : facts) {
    EXPECT_EQ(number(said), written) << said;
    // The text normalizer takes signs away that are not part of a number.
    if (said != "minus 500" && said != "positive twenty thousand") {
      EXPECT_EQ(english(said), written) << said;
    }
  }
}

TEST(EnglishTextNormalizer, KeepsTheSignsThatNumbersGot) {
  EXPECT_EQ(english("minus 500"), "-500");
  EXPECT_EQ(english("positive twenty thousand"), "+20000");
}

TEST(EnglishSpellingNormalizer, KnowsWhatTheReferencesTestsKnow) {
  EXPECT_EQ(spelling("mobilisation"), "mobilization");
  EXPECT_EQ(spelling("cancelation"), "cancellation");
}

TEST(EnglishTextNormalizer, KnowsWhatTheReferencesTestsKnow) {
  EXPECT_EQ(english("Let's"), "let us");
  EXPECT_EQ(english("he's like"), "he is like");
  EXPECT_EQ(english("she's been like"), "she has been like");
  EXPECT_EQ(english("10km"), "10 km");
  EXPECT_EQ(english("10mm"), "10 mm");
  EXPECT_EQ(english("RC232"), "rc 232");
  EXPECT_EQ(
      english("Mr. Park visited Assoc. Prof. Kim Jr."),
      "mister park visited associate professor kim junior");
}

// What is ours alone.

TEST(EnglishNumberNormalizer, ReadsNumbersOfAnyLength) {
  // The reference fails from 4300 digits on.
  const std::string digits(5000, '9');
  EXPECT_EQ(number(digits), digits);
  EXPECT_EQ(number(digits + "00 five"), digits + "05");
  EXPECT_EQ(number(std::string(5000, '0') + "7"), "7");
}

TEST(EnglishTextNormalizer, TakesBytesThatAreNoText) {
  EXPECT_EQ(
      english("a\xff\xfe"
              "b"),
      "a b");
  EXPECT_EQ(english(std::string("a\0b", 3)), std::string("a\0b", 3));
  EXPECT_EQ(BasicTextNormalizer()("a\xc3"), "a ");
}

TEST(Normalizers, StayQuickOnTextsThatRepeatThemselves) {
  // Each would take hours if a pattern were tried anew from every place.
  constexpr std::size_t kLength = 200000;
  for (const char* const part :
       {"[", "(", "(a", " ", "1,", "and a ", "'", "$1 "}) {
    std::string text;
    while (text.size() < kLength) {
      text += part;
    }
    EXPECT_LE(english(text).size(), 4 * text.size()) << part;
    EXPECT_LE(BasicTextNormalizer(true, true)(text).size(), 2 * text.size())
        << part;
  }
  const std::string spaces(kLength, ' ');
  EXPECT_EQ(english("x" + spaces + "y"), "x y");
  EXPECT_EQ(number("x" + spaces + "7" + spaces + "th"), "x 7th");
}

TEST(EnglishNumberNormalizer, IsAsGoodWhenItIsACopy) {
  auto first = std::make_unique<EnglishNumberNormalizer>();
  const EnglishNumberNormalizer copy = *first;
  first.reset();
  EXPECT_EQ(
      to_utf8(copy(U"nineteen fifties and two million dollars")),
      "1950s and $2000000");
}

TEST(Normalizers, GiveNothingForNothing) {
  EXPECT_EQ(english(""), "");
  EXPECT_EQ(english(" [laughs] (um) \n"), "");
  EXPECT_EQ(BasicTextNormalizer()(""), "");
  EXPECT_EQ(BasicTextNormalizer(true, true)(""), "");
}

TEST(Spellings, AreSorted) {
  const auto table = spellings();
  ASSERT_FALSE(table.empty());
  for (std::size_t i = 1; i < table.size(); ++i) {
    EXPECT_LT(table[i - 1].british, table[i].british);
  }
}

} // namespace
} // namespace mlxaudio::whisper
