// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/bpe.h"

namespace mlxaudio::whisper {

struct Language {
  std::string_view code; ///< "en"
  std::string_view name; ///< "english"
};

/// The languages, in the order of their tokens. Checkpoints before large-v3
/// have all but the last. \port whisper.tokenizer.LANGUAGES
inline constexpr std::array<Language, 100> kLanguages = {{
    {"en", "english"},     {"zh", "chinese"},    {"de", "german"},
    {"es", "spanish"},     {"ru", "russian"},    {"ko", "korean"},
    {"fr", "french"},      {"ja", "japanese"},   {"pt", "portuguese"},
    {"tr", "turkish"},     {"pl", "polish"},     {"ca", "catalan"},
    {"nl", "dutch"},       {"ar", "arabic"},     {"sv", "swedish"},
    {"it", "italian"},     {"id", "indonesian"}, {"hi", "hindi"},
    {"fi", "finnish"},     {"vi", "vietnamese"}, {"he", "hebrew"},
    {"uk", "ukrainian"},   {"el", "greek"},      {"ms", "malay"},
    {"cs", "czech"},       {"ro", "romanian"},   {"da", "danish"},
    {"hu", "hungarian"},   {"ta", "tamil"},      {"no", "norwegian"},
    {"th", "thai"},        {"ur", "urdu"},       {"hr", "croatian"},
    {"bg", "bulgarian"},   {"lt", "lithuanian"}, {"la", "latin"},
    {"mi", "maori"},       {"ml", "malayalam"},  {"cy", "welsh"},
    {"sk", "slovak"},      {"te", "telugu"},     {"fa", "persian"},
    {"lv", "latvian"},     {"bn", "bengali"},    {"sr", "serbian"},
    {"az", "azerbaijani"}, {"sl", "slovenian"},  {"kn", "kannada"},
    {"et", "estonian"},    {"mk", "macedonian"}, {"br", "breton"},
    {"eu", "basque"},      {"is", "icelandic"},  {"hy", "armenian"},
    {"ne", "nepali"},      {"mn", "mongolian"},  {"bs", "bosnian"},
    {"kk", "kazakh"},      {"sq", "albanian"},   {"sw", "swahili"},
    {"gl", "galician"},    {"mr", "marathi"},    {"pa", "punjabi"},
    {"si", "sinhala"},     {"km", "khmer"},      {"sn", "shona"},
    {"yo", "yoruba"},      {"so", "somali"},     {"af", "afrikaans"},
    {"oc", "occitan"},     {"ka", "georgian"},   {"be", "belarusian"},
    {"tg", "tajik"},       {"sd", "sindhi"},     {"gu", "gujarati"},
    {"am", "amharic"},     {"yi", "yiddish"},    {"lo", "lao"},
    {"uz", "uzbek"},       {"fo", "faroese"},    {"ht", "haitian creole"},
    {"ps", "pashto"},      {"tk", "turkmen"},    {"nn", "nynorsk"},
    {"mt", "maltese"},     {"sa", "sanskrit"},   {"lb", "luxembourgish"},
    {"my", "myanmar"},     {"bo", "tibetan"},    {"tl", "tagalog"},
    {"mg", "malagasy"},    {"as", "assamese"},   {"tt", "tatar"},
    {"haw", "hawaiian"},   {"ln", "lingala"},    {"ha", "hausa"},
    {"ba", "bashkir"},     {"jw", "javanese"},   {"su", "sundanese"},
    {"yue", "cantonese"},
}};

/// Codes by name, with a few other names of the same languages.
/// \port whisper.tokenizer.TO_LANGUAGE_CODE
const std::vector<std::pair<std::string_view, std::string_view>>&
to_language_codes();

/// The code of a language given by code or English name in any case; nothing
/// if Whisper does not know it.
std::optional<std::string_view> find_language(std::string_view language);

/// What becomes of some tokens when they are put together to words.
struct WordTokens {
  std::vector<std::string> words;
  std::vector<std::vector<int>> word_tokens; ///< those of each word
};

/// A vocabulary with quick access to Whisper's special tokens, and the start
/// of a transcript for a language and a task.
///
/// Immutable; copies share the vocabulary. \port whisper.tokenizer.Tokenizer
class Tokenizer {
 public:
  /// \throws TokenError if a special token is missing
  /// \throws UnsupportedError if the language is not among the first
  /// `num_languages`
  Tokenizer(
      std::shared_ptr<const text::Encoding> encoding,
      int num_languages,
      std::optional<std::string> language = {},
      std::optional<std::string> task = {});

  /// Tokens of a text. \throws TokenError if it holds a special token
  std::vector<int> encode(std::string_view text) const;

  /// The text of some tokens; timestamps are left out, other special tokens
  /// are written out.
  std::string decode(std::span<const int> token_ids) const;

  /// The text of some tokens, with timestamps as "<|1.08|>".
  std::string decode_with_timestamps(std::span<const int> token_ids) const;

  int language_token() const;

  /// \throws TokenError if the vocabulary has no token for the language
  int to_language_token(std::string_view language) const;

  /// `sot_sequence` and the token that turns timestamps off.
  std::vector<int> sot_sequence_including_notimestamps() const;

  /// Words for word times: at spaces, or at every character in languages that
  /// write without spaces.
  WordTokens split_to_word_tokens(std::span<const int> tokens) const;
  WordTokens split_tokens_on_unicode(std::span<const int> tokens) const;
  WordTokens split_tokens_on_spaces(std::span<const int> tokens) const;

  std::shared_ptr<const text::Encoding> encoding;
  int num_languages;
  std::optional<std::string> language;
  std::optional<std::string> task;
  std::vector<int> sot_sequence;

  int eot; ///< <|endoftext|>
  int transcribe;
  int translate;
  int sot; ///< <|startoftranscript|>
  int sot_lm;
  int sot_prev;
  int no_speech;
  int no_timestamps;
  int timestamp_begin; ///< <|0.00|>

  /// In the order of `kLanguages`. The reference's order is that of a hash
  /// set, which changes from run to run; nothing depends on it but which of
  /// two exactly equal probabilities wins.
  std::vector<int> all_language_tokens;
  std::vector<std::string> all_language_codes;

  /// Tokens to suppress so that no speaker tags and no descriptions of sounds
  /// are sampled, ascending. See the reference for the choice of symbols.
  std::vector<int> non_speech_tokens;
};

/// The encoding of a vocabulary file (tiktoken's format, `tokenizer.json`, or
/// a `vocab.json` that has `merges.txt` beside it) with Whisper's special
/// tokens after it. \port whisper.tokenizer.get_encoding
/// \throws TokenError
std::shared_ptr<const text::Encoding> get_encoding(
    const std::filesystem::path& vocabulary, int num_languages = 99);

/// \port whisper.tokenizer.get_tokenizer
/// \param language code or English name in any case; "en" if not given. An
/// English-only vocabulary has neither language nor task.
/// \param task "transcribe" if not given or empty
/// \throws ArgumentError for an unknown language
Tokenizer get_tokenizer(
    std::shared_ptr<const text::Encoding> encoding,
    bool multilingual,
    int num_languages = 99,
    std::optional<std::string> language = {},
    std::optional<std::string> task = {});

/// Checks that a checkpoint of `n_vocab` tokens goes with an encoding.
/// \param checkpoint named in the message
/// \throws TokenError that names the vocabulary and the checkpoint
void check_vocabulary(
    const text::Encoding& encoding,
    int n_vocab,
    const std::filesystem::path& checkpoint);

} // namespace mlxaudio::whisper
