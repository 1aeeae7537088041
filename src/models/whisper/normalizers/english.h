// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mlxaudio::whisper {

/// Numbers in words to digits: `two hundred and five` to `205`, `nineteen
/// ninety nine` to `1999`, `double oh seven` to `007`, with signs, currencies,
/// percent and endings (`1960s`, `32nd`) where they belong.
///
/// It has quirks that are kept, since an error rate is only comparable with
/// the reference's if both see the same words: `ninth` is no number, `$1.50`
/// becomes `$one.50`, and of `$5 percent` both signs are kept.
/// \port whisper.normalizers.english.EnglishNumberNormalizer
class EnglishNumberNormalizer {
 public:
  EnglishNumberNormalizer();

  /// \param s small letters, no punctuation but `.`, `%` and currencies
  std::u32string operator()(std::u32string_view s) const;

  /// `and a half` to `point five`, and a space between letters and digits.
  std::u32string preprocess(std::u32string_view s) const;
  /// The words that a line of words becomes.
  std::vector<std::u32string> process_words(
      std::span<const std::u32string_view> words) const;
  /// Dollars and cents in one number, `one` for a lone `1`.
  std::u32string postprocess(std::u32string_view s) const;

 private:
  friend class NumberReader;

  /// A number and the ending that makes it one of the words below.
  struct Suffixed {
    int value = 0; ///< of a multiplier: its zeros
    std::u32string_view suffix;
  };
  template <class Value>
  using Table = std::map<std::u32string, Value, std::less<>>;

  Table<int> ones_; ///< to nineteen
  Table<Suffixed> ones_suffixed_;
  Table<int> tens_;
  Table<Suffixed> tens_suffixed_;
  Table<int> multipliers_; ///< powers of ten
  Table<Suffixed> multipliers_suffixed_;
  /// All that have a meaning here.
  std::set<std::u32string, std::less<>> words_;
};

/// British spellings to American ones. Joins words with one space.
/// \port whisper.normalizers.english.EnglishSpellingNormalizer
class EnglishSpellingNormalizer {
 public:
  std::u32string operator()(std::u32string_view s) const;
};

/// English texts for comparison: small letters, contractions written out,
/// numbers in digits, American spelling, no punctuation, no filled pauses.
/// \port whisper.normalizers.english.EnglishTextNormalizer
class EnglishTextNormalizer {
 public:
  /// \param s UTF-8; what is malformed counts as a symbol
  std::string operator()(std::string_view s) const;

 private:
  EnglishNumberNormalizer standardize_numbers_;
  EnglishSpellingNormalizer standardize_spellings_;
};

} // namespace mlxaudio::whisper
