// SPDX-License-Identifier: MIT
#include "models/whisper/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/paths.h"
#include "mlxaudio/error.h"
#include "text/vocabulary.h"

namespace mlxaudio::whisper {
namespace {

namespace fs = std::filesystem;

const Json& golden() {
  static const Json json = read_json(
      fs::path(MLXAUDIO_SOURCE_DIR) / "tests/golden/whisper/tokenizer.json");
  return json;
}

fs::path vocabulary(const std::string& name) {
  return cache_dir() / "vocab" / name;
}

bool have_vocabularies() {
  return fs::exists(vocabulary("gpt2.tiktoken")) &&
         fs::exists(vocabulary("multilingual.tiktoken"));
}

#define NEED_VOCABULARIES()                                        \
  if (!have_vocabularies())                                        \
  GTEST_SKIP() << "no vocabularies in " << (cache_dir() / "vocab") \
               << ": run set-up, or this is not tested"

std::shared_ptr<const text::Encoding> encoding_of(const Json& record) {
  return get_encoding(
      vocabulary(record["vocabulary"]),
      record["num_languages"].get<int>());
}

TEST(Languages, AreTheReferences) {
  const Json& expected = golden()["languages"];
  ASSERT_EQ(expected.size(), kLanguages.size());
  for (std::size_t i = 0; i < kLanguages.size(); ++i) {
    EXPECT_EQ(kLanguages[i].code, expected[i][0].get<std::string>());
    EXPECT_EQ(kLanguages[i].name, expected[i][1].get<std::string>());
  }
}

TEST(Languages, NamesAreTheReferences) {
  const Json& expected = golden()["to_language_code"];
  ASSERT_EQ(to_language_codes().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(to_language_codes()[i].first, expected[i][0].get<std::string>());
    EXPECT_EQ(to_language_codes()[i].second, expected[i][1].get<std::string>());
  }
  EXPECT_EQ(find_language("YUE"), "yue");
  EXPECT_EQ(find_language("Haitian Creole"), "ht");
  EXPECT_EQ(find_language("klingon"), std::nullopt);
}

TEST(Tokenizer, SpecialTokensAreTheReferences) {
  NEED_VOCABULARIES();
  for (const Json& record : golden()["encodings"]) {
    SCOPED_TRACE(record["name"].get<std::string>());
    const auto encoding = encoding_of(record);
    EXPECT_EQ(encoding->n_vocab(), record["n_vocab"].get<int>());
    for (const Json& special : record["specials"]) {
      const auto name = special[0].get<std::string>();
      const int id = special[1].get<int>();
      EXPECT_EQ(encoding->encode_single_token(name), id) << name;
      EXPECT_EQ(encoding->decode(std::vector{id}), name);
    }
    const Tokenizer tokenizer = get_tokenizer(
        encoding,
        record["multilingual"].get<bool>(),
        record["num_languages"].get<int>());
    EXPECT_EQ(tokenizer.eot, record["eot"].get<int>());
    EXPECT_EQ(
        tokenizer.non_speech_tokens,
        record["non_speech_tokens"].get<std::vector<int>>());
    EXPECT_EQ(
        tokenizer.all_language_tokens,
        record["all_language_tokens"].get<std::vector<int>>());
    auto codes = tokenizer.all_language_codes;
    std::sort(codes.begin(), codes.end());
    EXPECT_EQ(
        codes,
        record["all_language_codes"].get<std::vector<std::string>>());
    for (std::size_t i = 0; i < tokenizer.all_language_codes.size(); ++i) {
      EXPECT_EQ(
          tokenizer.to_language_token(tokenizer.all_language_codes[i]),
          tokenizer.all_language_tokens[i]);
    }
    EXPECT_EQ(
        tokenizer.sot_sequence_including_notimestamps().back(),
        tokenizer.no_timestamps);
    const std::map<std::string, int> named = {
        {"<|startoftranscript|>", tokenizer.sot},
        {"<|translate|>", tokenizer.translate},
        {"<|transcribe|>", tokenizer.transcribe},
        {"<|startoflm|>", tokenizer.sot_lm},
        {"<|startofprev|>", tokenizer.sot_prev},
        {"<|nospeech|>", tokenizer.no_speech},
        {"<|notimestamps|>", tokenizer.no_timestamps},
        {"<|0.00|>", tokenizer.timestamp_begin}};
    for (const auto& [name, id] : named) {
      EXPECT_EQ(encoding->decode(std::vector{id}), name);
    }
  }
}

std::optional<std::string> optional_string(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<std::string>());
}

TEST(Tokenizer, StartsAsTheReferenceForEveryLanguageAndTask) {
  NEED_VOCABULARIES();
  for (const Json& record : golden()["encodings"]) {
    SCOPED_TRACE(record["name"].get<std::string>());
    const auto encoding = encoding_of(record);
    for (const Json& row : record["sot_sequences"]) {
      const auto make = [&] {
        return get_tokenizer(
            encoding,
            record["multilingual"].get<bool>(),
            record["num_languages"].get<int>(),
            optional_string(row[0]),
            optional_string(row[1]));
      };
      if (row[2].is_null()) {
        EXPECT_THROW(make(), UnsupportedError) << row;
      } else {
        EXPECT_EQ(make().sot_sequence, row[2].get<std::vector<int>>()) << row;
      }
    }
    EXPECT_THROW(get_tokenizer(encoding, true, 99, "klingon"), ArgumentError);
  }
}

TEST(Tokenizer, AnEmptyTaskIsNone) {
  NEED_VOCABULARIES();
  const auto encoding = get_encoding(vocabulary("multilingual.tiktoken"));
  // The K is that of degrees Kelvin, whose lower case is k.
  const Tokenizer tokenizer =
      get_tokenizer(encoding, true, 99, "\u212aorean", "");
  EXPECT_EQ(tokenizer.sot_sequence, (std::vector<int>{50258, 50264, 50359}));
  EXPECT_THROW(get_tokenizer(encoding, true, 99, ""), ArgumentError);
}

TEST(Tokenizer, EncodesAsTheReference) {
  NEED_VOCABULARIES();
  const Json& texts = golden()["texts"];
  for (const Json& record : golden()["encodings"]) {
    SCOPED_TRACE(record["name"].get<std::string>());
    const auto encoding = encoding_of(record);
    for (std::size_t i = 0; i < record["encode"].size(); ++i) {
      const auto text = texts[i].get<std::string>();
      const auto tokens = record["encode"][i].get<std::vector<int>>();
      EXPECT_EQ(encoding->encode(text), tokens) << text;
      EXPECT_EQ(encoding->decode(tokens), text);
    }
  }
}

TEST(Tokenizer, DecodesAsTheReference) {
  NEED_VOCABULARIES();
  for (const Json& record : golden()["encodings"]) {
    SCOPED_TRACE(record["name"].get<std::string>());
    const Tokenizer tokenizer = get_tokenizer(
        encoding_of(record),
        record["multilingual"].get<bool>(),
        record["num_languages"].get<int>());
    for (const Json& row : record["decode"]) {
      const auto tokens = row[0].get<std::vector<int>>();
      EXPECT_EQ(tokenizer.decode(tokens), row[1].get<std::string>());
      EXPECT_EQ(
          tokenizer.decode_with_timestamps(tokens),
          row[2].get<std::string>());
    }
  }
}

TEST(Tokenizer, SplitsWordsAsTheReference) {
  NEED_VOCABULARIES();
  for (const Json& record : golden()["encodings"]) {
    SCOPED_TRACE(record["name"].get<std::string>());
    const auto encoding = encoding_of(record);
    std::map<std::string, Tokenizer> tokenizers;
    for (const Json& row : record["split"]) {
      const auto language = optional_string(row[0]);
      const Tokenizer& tokenizer =
          tokenizers
              .try_emplace(
                  language.value_or("none"),
                  get_tokenizer(
                      encoding,
                      record["multilingual"].get<bool>(),
                      record["num_languages"].get<int>(),
                      language))
              .first->second;
      const auto tokens = row[1].get<std::vector<int>>();
      const WordTokens split = tokenizer.split_to_word_tokens(tokens);
      EXPECT_EQ(split.words, row[2].get<std::vector<std::string>>()) << row;
      EXPECT_EQ(split.word_tokens, row[3].get<std::vector<std::vector<int>>>())
          << row;
    }
  }
}

TEST(Tokenizer, SplitsABrokenEndWithoutFailing) {
  NEED_VOCABULARIES();
  const Tokenizer tokenizer =
      get_tokenizer(get_encoding(vocabulary("multilingual.tiktoken")), true);
  const int e4 = tokenizer.encoding->encode_single_token("\xe4");
  const int bd = tokenizer.encoding->encode_single_token("\xbd");
  const WordTokens split =
      tokenizer.split_tokens_on_unicode(std::vector{e4, bd});
  EXPECT_EQ(split.words, std::vector<std::string>{"\ufffd"});
}

TEST(Tokenizer, PromptsMayNotForgeSpecialTokens) {
  NEED_VOCABULARIES();
  const Tokenizer tokenizer =
      get_tokenizer(get_encoding(vocabulary("gpt2.tiktoken")), false);
  EXPECT_THROW(tokenizer.encode("so <|endoftext|>"), TokenError);
}

TEST(Vocabulary, OfAnotherCheckpointIsRefused) {
  NEED_VOCABULARIES();
  const auto encoding = get_encoding(vocabulary("gpt2.tiktoken"), 99);
  EXPECT_NO_THROW(check_vocabulary(*encoding, 51864, "m/model.safetensors"));
  try {
    check_vocabulary(*encoding, 51865, "m/model.safetensors");
    FAIL();
  } catch (const TokenError& e) {
    const std::string what = e.what();
    EXPECT_NE(what.find("gpt2.tiktoken"), std::string::npos) << what;
    EXPECT_NE(what.find("m/model.safetensors"), std::string::npos) << what;
  }
  EXPECT_THROW(get_encoding(vocabulary("gpt2.tiktoken"), 101), TokenError);
}

/// Hugging Face's copy of a vocabulary gives the same tokens as OpenAI's. The
/// packaged weights bring one.
TEST(HuggingFace, VocabulariesEqualOpenAIs) {
  NEED_VOCABULARIES();
  int compared = 0;
  const fs::path weights = cache_dir() / "weights";
  if (fs::exists(weights)) {
    for (const auto& entry : fs::directory_iterator(weights)) {
      const fs::path path = entry.path() / "tokenizer.json";
      if (!fs::exists(path)) {
        continue;
      }
      SCOPED_TRACE(path.string());
      const auto theirs = text::read_hf_tokenizer(path).tokens;
      const auto ours = text::read_tiktoken(vocabulary(
                                                theirs.size() == 50256
                                                    ? "gpt2.tiktoken"
                                                    : "multilingual.tiktoken"))
                            .tokens;
      EXPECT_EQ(theirs.size(), ours.size());
      EXPECT_TRUE(theirs == ours);
      ++compared;
    }
  }
  if (compared == 0) {
    GTEST_SKIP() << "no tokenizer.json in " << weights
                 << ": run set-up, or this is not tested";
  }
}

// --- the reference's own tests ---------------------------------------------

Tokenizer tokenizer_of(bool multilingual) {
  return get_tokenizer(
      get_encoding(
          vocabulary(multilingual ? "multilingual.tiktoken" : "gpt2.tiktoken")),
      multilingual);
}

TEST(ReferencesTests, Tokenizer) {
  NEED_VOCABULARIES();
  for (const bool multilingual : {true, false}) {
    const auto t = tokenizer_of(multilingual);
    EXPECT_TRUE(
        std::count(t.sot_sequence.begin(), t.sot_sequence.end(), t.sot));
    EXPECT_EQ(t.all_language_codes.size(), t.all_language_tokens.size());
    EXPECT_FALSE(t.all_language_tokens.empty());
    for (const int token : t.all_language_tokens) {
      EXPECT_LT(token, t.timestamp_begin);
    }
  }
}

TEST(ReferencesTests, MultilingualTokenizer) {
  NEED_VOCABULARIES();
  const auto gpt2 = tokenizer_of(false);
  const auto multilingual = tokenizer_of(true);
  const std::string text = "다람쥐 헌 쳇바퀴에 타고파";
  const auto gpt2_tokens = gpt2.encode(text);
  const auto multilingual_tokens = multilingual.encode(text);
  EXPECT_EQ(gpt2.decode(gpt2_tokens), text);
  EXPECT_EQ(multilingual.decode(multilingual_tokens), text);
  EXPECT_GT(gpt2_tokens.size(), multilingual_tokens.size());
}

TEST(ReferencesTests, SplitOnUnicode) {
  NEED_VOCABULARIES();
  const std::vector<int> tokens{8404, 871, 287, 6, 246, 526, 3210, 20378};
  const auto [words, word_tokens] =
      tokenizer_of(true).split_tokens_on_unicode(tokens);
  EXPECT_EQ(
      words,
      (std::vector<std::string>{
          " elle",
          " est",
          " l",
          "'",
          "\xef\xbf\xbd",
          "é",
          "rit",
          "oire"}));
  ASSERT_EQ(word_tokens.size(), tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_EQ(word_tokens[i], std::vector{tokens[i]});
  }
}

} // namespace
} // namespace mlxaudio::whisper
