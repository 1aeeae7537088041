// SPDX-License-Identifier: MIT
#include "cli/scoring.h"

#include <utility>

#include <fmt/format.h>

#include "core/utf8.h"
#include "text/python_unicode.h"

namespace mlxaudio::cli {
namespace {

std::u32string characters_of(const std::vector<std::string>& words) {
  return to_utf32(fmt::format("{}", fmt::join(words, " "))).value();
}

} // namespace

Scorer::Scorer(Normalization normalization)
    : normalization_(std::move(normalization)),
      basic_(normalization_.remove_diacritics, normalization_.split_letters) {}

std::string Scorer::normalize(
    std::string_view text, std::string_view normalizer) const {
  if (normalizer == "english") {
    return english_(text);
  }
  if (normalizer == "basic") {
    return basic_(text);
  }
  return std::string(text);
}

Score Scorer::score(
    std::string_view reference,
    std::string_view hypothesis,
    std::string_view language) const {
  Score score;
  score.normalizer = normalization_.normalizer;
  if (score.normalizer.empty()) {
    score.normalizer = language == "en" ? "english" : "basic";
  }
  score.reference = words_of(normalize(reference, score.normalizer));
  score.hypothesis = words_of(normalize(hypothesis, score.normalizer));
  score.edits = align_words(score.reference, score.hypothesis);
  score.words = text::count(score.edits);
  score.characters = text::count(text::align_characters(
      characters_of(score.reference),
      characters_of(score.hypothesis)));
  return score;
}

std::vector<std::string> words_of(std::string_view text) {
  const std::u32string wide = to_utf32(replace_malformed_utf8(text)).value();
  std::vector<std::string> words;
  for (const std::u32string_view word : text::python_split(wide)) {
    words.push_back(to_utf8(word));
  }
  return words;
}

std::vector<text::Edit> align_words(
    const std::vector<std::string>& first,
    const std::vector<std::string>& second) {
  const std::vector<std::string_view> a(first.begin(), first.end());
  const std::vector<std::string_view> b(second.begin(), second.end());
  return text::align_words(a, b);
}

std::string word_diff(
    const std::vector<std::string>& first,
    const std::vector<std::string>& second,
    const std::vector<text::Edit>& edits) {
  std::vector<std::string> parts;
  std::vector<std::string_view> gone;
  std::vector<std::string_view> come;
  const auto flush = [&] {
    if (!gone.empty()) {
      parts.push_back(fmt::format("[-{}-]", fmt::join(gone, " ")));
    }
    if (!come.empty()) {
      parts.push_back(fmt::format("{{+{}+}}", fmt::join(come, " ")));
    }
    gone.clear();
    come.clear();
  };
  std::size_t i = 0;
  std::size_t j = 0;
  for (const text::Edit edit : edits) {
    if (edit == text::Edit::hit) {
      flush();
      parts.push_back(first[i]);
    }
    if (edit == text::Edit::substitution || edit == text::Edit::deletion) {
      gone.push_back(first[i]);
    }
    if (edit == text::Edit::substitution || edit == text::Edit::insertion) {
      come.push_back(second[j]);
    }
    i += edit == text::Edit::insertion ? 0 : 1;
    j += edit == text::Edit::deletion ? 0 : 1;
  }
  flush();
  return fmt::format("{}", fmt::join(parts, " "));
}

} // namespace mlxaudio::cli
