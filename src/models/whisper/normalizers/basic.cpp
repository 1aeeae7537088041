// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "models/whisper/normalizers/basic.h"

#include <algorithm>

#include "core/utf8.h"
#include "text/general_category.h"
#include "text/graphemes.h"
#include "text/normalization.h"
#include "text/python_unicode.h"

namespace mlxaudio::whisper {
namespace {

bool is_mark_symbol_or_punctuation(char32_t value) {
  const char major = text::major_class(text::general_category(value));
  return major == 'M' || major == 'S' || major == 'P';
}

/// `re.sub(r"[<\[][^>\]]*[>\]]", "", s)`.
std::u32string remove_in_brackets(std::u32string_view s) {
  std::u32string out;
  while (!s.empty()) {
    const std::size_t open = s.find_first_of(U"<[");
    const std::size_t close =
        open == s.npos ? s.npos : s.find_first_of(U">]", open);
    if (close == s.npos) {
      break;
    }
    out += s.substr(0, open);
    s.remove_prefix(close + 1);
  }
  out += s;
  return out;
}

/// `re.sub(r"\(([^)]+?)\)", "", s)`: a pair with nothing in it stays.
std::u32string remove_in_parentheses(std::u32string_view s) {
  std::u32string out;
  while (!s.empty()) {
    const std::size_t open = s.find(U'(');
    const std::size_t close = open == s.npos ? s.npos : s.find(U')', open);
    if (close == s.npos) {
      break;
    }
    if (close == open + 1) {
      out += s.substr(0, close);
      s.remove_prefix(close);
    } else {
      out += s.substr(0, open);
      s.remove_prefix(close + 1);
    }
  }
  out += s;
  return out;
}

} // namespace

std::u32string remove_symbols_and_diacritics(
    std::u32string_view s, std::u32string_view keep) {
  std::u32string out;
  for (const char32_t c : text::nfkd(s)) {
    if (keep.find(c) != keep.npos) {
      out += c;
      continue;
    }
    const auto* const letter = std::find_if(
        kAdditionalDiacritics.begin(),
        kAdditionalDiacritics.end(),
        [c](const auto& row) { return row.first == c; });
    if (letter != kAdditionalDiacritics.end()) {
      out += letter->second;
    } else if (text::general_category(c) != text::GeneralCategory::Mn) {
      out += is_mark_symbol_or_punctuation(c) ? U' ' : c;
    }
  }
  return out;
}

std::u32string remove_symbols(std::u32string_view s) {
  std::u32string out = text::nfkc(s);
  std::replace_if(out.begin(), out.end(), is_mark_symbol_or_punctuation, U' ');
  return out;
}

std::u32string remove_bracketed(std::u32string_view s) {
  return remove_in_parentheses(remove_in_brackets(s));
}

std::string BasicTextNormalizer::operator()(std::string_view s) const {
  std::u32string out =
      text::python_lower(to_utf32(replace_malformed_utf8(s)).value());
  out = remove_bracketed(out);
  out = text::python_lower(
      remove_diacritics_ ? remove_symbols_and_diacritics(out)
                         : remove_symbols(out));
  if (split_letters_) {
    std::u32string spaced;
    for (const std::u32string_view letter : text::graphemes(out)) {
      if (!spaced.empty()) {
        spaced += U' ';
      }
      spaced += letter;
    }
    out = std::move(spaced);
  }
  return to_utf8(text::collapse_spaces(out));
}

} // namespace mlxaudio::whisper
