// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "models/whisper/tokenizer.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "text/python.h"
#include "text/python_unicode.h"
#include "text/vocabulary.h"

namespace mlxaudio::whisper {
namespace {

namespace fs = std::filesystem;

constexpr int kTimestamps = 1501; // 0 to 30 s
constexpr char32_t kReplacementChar = 0xFFFD;

std::vector<int> make_non_speech_tokens(const text::Encoding& encoding) {
  std::vector<std::string> symbols;
  for (const std::string_view symbol :
       {"\"",  "#",  "(",   ")",  "*",  "+",  "/",   ":",  ";",  "<",
        "=",   ">",  "@",   "[",  "\\", "]",  "^",   "_",  "`",  "{",
        "|",   "}",  "~",   "「", "」", "『", "』",  "<<", ">>", "<<<",
        ">>>", "--", "---", "-(", "-[", "('", "(\"", "((", "))", "(((",
        ")))", "[[", "]]",  "{{", "}}", "♪♪", "♪♪♪"}) {
    symbols.emplace_back(symbol);
  }
  // Often several tokens each, of which the first is suppressed. That hits no
  // letter: all lie between U+2640 and U+267F and share their first two bytes.
  const std::array<std::string_view, 7> miscellaneous =
      {"♩", "♪", "♫", "♬", "♭", "♮", "♯"};

  // A hyphen or a quote may stand between words, not before one.
  std::set<int> result = {
      encoding.encode(" -").front(),
      encoding.encode(" '").front()};
  const auto add = [&](const std::string& symbol, bool always) {
    for (const std::string& form : {symbol, " " + symbol}) {
      const std::vector<int> tokens = encoding.encode(form);
      if (tokens.size() == 1 || always) {
        result.insert(tokens.front());
      }
    }
  };
  for (const std::string& symbol : symbols) {
    add(symbol, false);
  }
  for (const std::string_view symbol : miscellaneous) {
    add(std::string(symbol), true);
  }
  return {result.begin(), result.end()};
}

std::u32string to_code_points(const std::string& text) {
  return to_utf32(text).value(); // what decode() returns is always UTF-8
}

} // namespace

const std::vector<std::pair<std::string_view, std::string_view>>&
to_language_codes() {
  static const auto table = [] {
    std::vector<std::pair<std::string_view, std::string_view>> codes;
    for (const Language& language : kLanguages) {
      codes.emplace_back(language.name, language.code);
    }
    codes.insert(
        codes.end(),
        {{"burmese", "my"},
         {"valencian", "ca"},
         {"flemish", "nl"},
         {"haitian", "ht"},
         {"letzeburgesch", "lb"},
         {"pushto", "ps"},
         {"panjabi", "pa"},
         {"moldavian", "ro"},
         {"moldovan", "ro"},
         {"sinhalese", "si"},
         {"castilian", "es"},
         {"mandarin", "zh"}});
    return codes;
  }();
  return table;
}

std::optional<std::string_view> find_language(std::string_view language) {
  const std::optional<std::u32string> characters = to_utf32(language);
  if (!characters) {
    return std::nullopt;
  }
  const std::string wanted = to_utf8(text::python_lower(*characters));
  for (const Language& known : kLanguages) {
    if (known.code == wanted) {
      return known.code;
    }
  }
  for (const auto& [name, code] : to_language_codes()) {
    if (name == wanted) {
      return code;
    }
  }
  return std::nullopt;
}

Tokenizer::Tokenizer(
    std::shared_ptr<const text::Encoding> encoding_,
    int num_languages_,
    std::optional<std::string> language_,
    std::optional<std::string> task_)
    : encoding(std::move(encoding_)),
      num_languages(num_languages_),
      language(std::move(language_)),
      task(std::move(task_)),
      eot(encoding->encode_single_token("<|endoftext|>")),
      transcribe(encoding->encode_single_token("<|transcribe|>")),
      translate(encoding->encode_single_token("<|translate|>")),
      sot(encoding->encode_single_token("<|startoftranscript|>")),
      sot_lm(encoding->encode_single_token("<|startoflm|>")),
      sot_prev(encoding->encode_single_token("<|startofprev|>")),
      no_speech(encoding->encode_single_token("<|nospeech|>")),
      no_timestamps(encoding->encode_single_token("<|notimestamps|>")),
      timestamp_begin(encoding->encode_single_token("<|0.00|>")),
      non_speech_tokens(make_non_speech_tokens(*encoding)) {
  for (const Language& known :
       std::span(kLanguages).first(static_cast<std::size_t>(num_languages))) {
    all_language_tokens.push_back(to_language_token(known.code));
    all_language_codes.emplace_back(known.code);
  }

  sot_sequence.push_back(sot);
  if (language) {
    const auto at = std::find(
        all_language_codes.begin(),
        all_language_codes.end(),
        *language);
    if (at == all_language_codes.end()) {
      throw UnsupportedError(fmt::format(
          "[whisper.tokenizer] language \"{}\" is not one of this checkpoint's "
          "{}: use another language, or a checkpoint that knows it",
          *language,
          num_languages));
    }
    sot_sequence.push_back(
        sot + 1 + static_cast<int>(at - all_language_codes.begin()));
  }
  if (task) {
    sot_sequence.push_back(*task == "transcribe" ? transcribe : translate);
  }
}

std::vector<int> Tokenizer::encode(std::string_view text) const {
  return encoding->encode(text);
}

std::string Tokenizer::decode(std::span<const int> token_ids) const {
  std::vector<int> kept;
  std::copy_if(
      token_ids.begin(),
      token_ids.end(),
      std::back_inserter(kept),
      [this](int t) { return t < timestamp_begin; });
  return encoding->decode(kept);
}

std::string Tokenizer::decode_with_timestamps(
    std::span<const int> token_ids) const {
  return encoding->decode(token_ids);
}

int Tokenizer::language_token() const {
  if (!language) {
    throw TokenError(
        "[whisper.tokenizer] this tokenizer has no language: give it one");
  }
  return to_language_token(*language);
}

int Tokenizer::to_language_token(std::string_view code) const {
  return encoding->encode_single_token(fmt::format("<|{}|>", code));
}

std::vector<int> Tokenizer::sot_sequence_including_notimestamps() const {
  std::vector<int> sequence = sot_sequence;
  sequence.push_back(no_timestamps);
  return sequence;
}

WordTokens Tokenizer::split_to_word_tokens(std::span<const int> tokens) const {
  constexpr std::array<std::string_view, 6> kNoSpaces =
      {"zh", "ja", "th", "lo", "my", "yue"};
  const bool no_spaces =
      language && std::find(kNoSpaces.begin(), kNoSpaces.end(), *language) !=
                      kNoSpaces.end();
  return no_spaces ? split_tokens_on_unicode(tokens)
                   : split_tokens_on_spaces(tokens);
}

WordTokens Tokenizer::split_tokens_on_unicode(
    std::span<const int> tokens) const {
  const std::u32string decoded_full =
      to_code_points(decode_with_timestamps(tokens));

  WordTokens result;
  std::vector<int> current_tokens;
  std::size_t unicode_offset = 0;
  for (const int token : tokens) {
    current_tokens.push_back(token);
    const std::string text = decode_with_timestamps(current_tokens);
    const std::u32string decoded = to_code_points(text);
    // A replacement character is real if the whole text has it there too,
    // otherwise it is the beginning of a character that goes on.
    // DEVIATION(whisper-split-range): the reference indexes past the end and
    // fails where a broken character at the end was counted twice.
    const std::size_t broken = decoded.find(kReplacementChar);
    if (broken == std::u32string::npos ||
        (unicode_offset + broken < decoded_full.size() &&
         decoded_full[unicode_offset + broken] == kReplacementChar)) {
      result.words.push_back(text);
      result.word_tokens.push_back(std::move(current_tokens));
      current_tokens.clear();
      unicode_offset += decoded.size();
    }
  }
  return result;
}

WordTokens Tokenizer::split_tokens_on_spaces(
    std::span<const int> tokens) const {
  // Python's `in` finds any run of these, the empty one too.
  constexpr std::string_view kPunctuation =
      "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

  WordTokens subwords = split_tokens_on_unicode(tokens);
  WordTokens result;
  for (std::size_t i = 0; i < subwords.words.size(); ++i) {
    std::string& subword = subwords.words[i];
    std::vector<int>& subword_tokens = subwords.word_tokens[i];
    const bool special = subword_tokens.front() >= eot;
    const bool with_space = subword.substr(0, 1) == " ";
    const bool punctuation = kPunctuation.find(text::python_strip(subword)) !=
                             std::string_view::npos;
    if (special || with_space || punctuation || result.words.empty()) {
      result.words.push_back(std::move(subword));
      result.word_tokens.push_back(std::move(subword_tokens));
    } else {
      result.words.back() += subword;
      result.word_tokens.back().insert(
          result.word_tokens.back().end(),
          subword_tokens.begin(),
          subword_tokens.end());
    }
  }
  return result;
}

std::shared_ptr<const text::Encoding> get_encoding(
    const fs::path& vocabulary, int num_languages) {
  // DEVIATION(whisper-language-count): the reference's slice takes any number,
  // and so hides a checkpoint of a model that is not Whisper.
  if (num_languages < 0 ||
      num_languages > static_cast<int>(kLanguages.size())) {
    throw TokenError(fmt::format(
        "[whisper.tokenizer] {} languages are asked of {}: Whisper knows at "
        "most {}; check n_vocab of the checkpoint",
        num_languages,
        vocabulary.string(),
        kLanguages.size()));
  }
  text::Vocabulary ranks = vocabulary.filename() == "tokenizer.json"
                               ? text::read_hf_tokenizer(vocabulary)
                           : vocabulary.filename() == "vocab.json"
                               ? text::read_vocab_merges(
                                     vocabulary,
                                     vocabulary.parent_path() / "merges.txt")
                               : text::read_tiktoken(vocabulary);

  std::vector<std::string> specials = {
      "<|endoftext|>",
      "<|startoftranscript|>"};
  for (const Language& language :
       std::span(kLanguages).first(static_cast<std::size_t>(num_languages))) {
    specials.push_back(fmt::format("<|{}|>", language.code));
  }
  for (const char* name :
       {"<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>"}) {
    specials.emplace_back(name);
  }
  for (int i = 0; i < kTimestamps; ++i) {
    specials.push_back(fmt::format("<|{:.2f}|>", i * 0.02));
  }

  text::SpecialTokens special_tokens;
  int n_vocab = static_cast<int>(ranks.tokens.size());
  for (std::string& token : specials) {
    special_tokens.emplace_back(std::move(token), n_vocab++);
  }
  return std::make_shared<const text::Encoding>(
      vocabulary.filename().string(),
      std::move(ranks),
      std::move(special_tokens));
}

Tokenizer get_tokenizer(
    std::shared_ptr<const text::Encoding> encoding,
    bool multilingual,
    int num_languages,
    std::optional<std::string> language,
    std::optional<std::string> task) {
  if (language) {
    const std::optional<std::string_view> code = find_language(*language);
    if (!code) {
      throw ArgumentError(fmt::format(
          "[whisper.tokenizer] unknown language \"{}\": use a code such as "
          "\"en\" or an English name such as \"english\"",
          *language));
    }
    language = std::string(*code);
  }
  if (multilingual) {
    language = language.value_or("en");
    // As Python's `or`: an empty task is none.
    if (!task || task->empty()) {
      task = "transcribe";
    }
  } else {
    language.reset();
    task.reset();
  }
  return {
      std::move(encoding),
      num_languages,
      std::move(language),
      std::move(task)};
}

void check_vocabulary(
    const text::Encoding& encoding, int n_vocab, const fs::path& checkpoint) {
  if (encoding.n_vocab() != n_vocab) {
    throw TokenError(fmt::format(
        "[whisper.tokenizer] {} has {} tokens with Whisper's own, but {} was "
        "made for {}: use the vocabulary that came with the checkpoint",
        encoding.path().string(),
        encoding.n_vocab(),
        checkpoint.string(),
        n_vocab));
  }
}

} // namespace mlxaudio::whisper
