// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace mlxaudio::whisper {

/// Letters that are not ASCII and that NFKD does not take apart.
/// \port whisper.normalizers.basic.ADDITIONAL_DIACRITICS
inline constexpr std::array<std::pair<char32_t, std::u32string_view>, 16>
    kAdditionalDiacritics = {{
        {U'œ', U"oe"},
        {U'Œ', U"OE"},
        {U'ø', U"o"},
        {U'Ø', U"O"},
        {U'æ', U"ae"},
        {U'Æ', U"AE"},
        {U'ß', U"ss"},
        {U'ẞ', U"SS"},
        {U'đ', U"d"},
        {U'Đ', U"D"},
        {U'ð', U"d"},
        {U'Ð', U"D"},
        {U'þ', U"th"},
        {U'Þ', U"th"}, // small, in the reference too
        {U'ł', U"l"},
        {U'Ł', U"L"},
    }};

/// NFKD without marks above and below letters (category Mn) and with a space
/// for every other mark, symbol and punctuation, but for those of `keep`.
///
/// \port whisper.normalizers.basic.remove_symbols_and_diacritics
std::u32string remove_symbols_and_diacritics(
    std::u32string_view s, std::u32string_view keep = {});

/// NFKC with a space for every mark, symbol and punctuation. Marks that NFKC
/// did not join with their letter (Thai and Hindi vowels) become spaces too,
/// in the reference too.
///
/// \port whisper.normalizers.basic.remove_symbols
std::u32string remove_symbols(std::u32string_view s);

/// Without what stands between `[` or `<` and the next `]` or `>`, and then
/// between parentheses. With several opening ones it begins at the first.
std::u32string remove_bracketed(std::u32string_view s);

/// Texts of any language for comparison: small letters, no punctuation, no
/// words in brackets. \port whisper.normalizers.basic.BasicTextNormalizer
class BasicTextNormalizer {
 public:
  /// \param remove_diacritics é becomes e
  /// \param split_letters a space between letters, for languages that write
  ///   none between words
  explicit BasicTextNormalizer(
      bool remove_diacritics = false, bool split_letters = false)
      : remove_diacritics_(remove_diacritics), split_letters_(split_letters) {}

  /// \param s UTF-8; what is malformed counts as a symbol
  std::string operator()(std::string_view s) const;

 private:
  bool remove_diacritics_;
  bool split_letters_;
};

} // namespace mlxaudio::whisper
