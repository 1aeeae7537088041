// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/whisper/normalizers/basic.h"
#include "models/whisper/normalizers/english.h"
#include "text/edit_distance.h"

namespace mlxaudio::cli {

/// What is done to texts before they are compared.
struct Normalization {
  /// "english", "basic", "none"; empty: english for English, else basic.
  std::string normalizer = {};
  bool remove_diacritics = false; ///< of basic
  bool split_letters = false;     ///< of basic
};

/// How a transcript fares against what was said.
struct Score {
  std::string normalizer;             ///< that was used
  std::vector<std::string> reference; ///< normalized, in words
  std::vector<std::string> hypothesis;
  std::vector<text::Edit> edits; ///< from one to the other
  text::EditCounts words;
  text::EditCounts characters; ///< of the words with a space between them
};

class Scorer {
 public:
  explicit Scorer(Normalization normalization);

  /// \param language code of the language that the texts are in
  Score score(
      std::string_view reference,
      std::string_view hypothesis,
      std::string_view language) const;

 private:
  std::string normalize(
      std::string_view text, std::string_view normalizer) const;

  Normalization normalization_;
  whisper::EnglishTextNormalizer english_;
  whisper::BasicTextNormalizer basic_;
};

/// Words of a text, between white space of any kind.
std::vector<std::string> words_of(std::string_view text);

/// The words of two texts in one line: `[-only in the first-]` and `{+only in
/// the second+}`.
std::string word_diff(
    const std::vector<std::string>& first,
    const std::vector<std::string>& second,
    const std::vector<text::Edit>& edits);

/// Edits between two lists of words.
std::vector<text::Edit> align_words(
    const std::vector<std::string>& first,
    const std::vector<std::string>& second);

} // namespace mlxaudio::cli
