// SPDX-License-Identifier: MIT
#include "text/vocabulary.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "mlxaudio/error.h"

namespace mlxaudio::text {
namespace {

namespace fs = std::filesystem;

class VocabularyTest : public testing::Test {
 protected:
  VocabularyTest() {
    fs::create_directories(folder_);
  }
  ~VocabularyTest() override {
    fs::remove_all(folder_);
  }

  fs::path file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }

  static std::string error_of(const auto& call) {
    try {
      call();
    } catch (const TokenError& e) {
      return e.what();
    }
    return "no error";
  }

  fs::path folder_ = fs::temp_directory_path() /
                     ("mlxaudio_vocabulary_" + std::to_string(getpid()));
};

TEST_F(VocabularyTest, ReadsTiktoken) {
  const auto path = file("a.tiktoken", "IQ== 0\nIGE= 2\nYWI= 1\n= 3\n");
  const Vocabulary read = read_tiktoken(path);
  EXPECT_EQ(read.tokens, (std::vector<std::string>{"!", "ab", " a", ""}));
  EXPECT_EQ(read.path, path);
}

TEST_F(VocabularyTest, TiktokenErrorsNameTheFileAndTheLine) {
  const auto error = [&](const std::string& text) {
    const auto path = file("bad.tiktoken", text);
    const std::string what = error_of([&] { read_tiktoken(path); });
    EXPECT_NE(what.find(path.string()), std::string::npos) << what;
    return what;
  };
  EXPECT_NE(error("IQ== 0\nIg==\n").find("line 2: "), std::string::npos);
  EXPECT_NE(error("IQ== 0\n\n").find("line 2: "), std::string::npos);
  EXPECT_NE(error("I!== 0\n").find("not base64"), std::string::npos);
  EXPECT_NE(error("IQ= 0\n").find("not base64"), std::string::npos);
  EXPECT_NE(error("IR== 0\n").find("not base64"), std::string::npos);
  EXPECT_NE(error("IQ== x\n").find("not a rank"), std::string::npos);
  EXPECT_NE(error("IQ== -1\n").find("not a rank"), std::string::npos);
  EXPECT_NE(error("IQ== 0 1\n").find("not a rank"), std::string::npos);
  EXPECT_NE(error("IQ== 0\nIg== 0\n").find("twice"), std::string::npos);
  EXPECT_NE(error("IQ== 0\nIg== 2\n").find("rank 1"), std::string::npos);
  EXPECT_NE(error("IQ== 99999999999\n").find("hold"), std::string::npos);
  EXPECT_NE(error("").find("empty"), std::string::npos);
}

TEST_F(VocabularyTest, MissingFileIsAnErrorThatNamesIt) {
  const std::string what =
      error_of([&] { read_tiktoken(folder_ / "none.tiktoken"); });
  EXPECT_NE(what.find("none.tiktoken"), std::string::npos) << what;
  EXPECT_NE(
      error_of([&] { read_tiktoken(folder_); }).find("cannot read"),
      std::string::npos);
}

/// A vocabulary of the 256 bytes in GPT-2's order, "ab", " a" and the end.
std::string small_vocab(const std::string& more = "") {
  std::string json = "{";
  int id = 0;
  const auto add = [&](const std::string& token) {
    json += (id == 0 ? "\"" : ", \"") + token + "\": " + std::to_string(id);
    ++id;
  };
  const auto utf8 = [](int c) {
    return c < 0x80 ? std::string(1, static_cast<char>(c))
                    : std::string{
                          static_cast<char>(0xC0 | c >> 6),
                          static_cast<char>(0x80 | (c & 0x3F))};
  };
  for (int c = 0x21; c <= 0xFF; ++c) {
    if (c <= 0x7E || (c >= 0xA1 && c != 0xAD)) {
      add(c == '"' || c == '\\' ? "\\" + utf8(c) : utf8(c));
    }
  }
  int stand_in = 0x100;
  while (id < 256) {
    add(utf8(stand_in++));
  }
  add("ab");
  add("\u0120a");
  add("<|endoftext|>");
  return json + more + "}";
}

TEST_F(VocabularyTest, ReadsHuggingFaceInBothSpellingsOfMerges) {
  for (const char* merges :
       {R"(["a b", "Ġ a"])", R"([["a", "b"], ["Ġ", "a"]])"}) {
    const auto path = file(
        "tokenizer.json",
        R"({"model": {"type": "BPE", "vocab": )" + small_vocab() +
            R"(, "merges": )" + merges + "}}");
    const Vocabulary read = read_hf_tokenizer(path);
    ASSERT_EQ(read.tokens.size(), 258u);
    EXPECT_EQ(read.tokens[0], "!");
    EXPECT_EQ(read.tokens[188], std::string(1, '\0'));
    EXPECT_EQ(read.tokens[220], " ");
    EXPECT_EQ(read.tokens[255], "\xad");
    EXPECT_EQ(read.tokens[256], "ab");
    EXPECT_EQ(read.tokens[257], " a");
  }
}

TEST_F(VocabularyTest, ReadsVocabAndMerges) {
  const auto vocab = file("vocab.json", small_vocab());
  const auto merges = file("merges.txt", "#version: 0.2\na b\nĠ a\n");
  EXPECT_EQ(read_vocab_merges(vocab, merges).tokens.back(), " a");
}

TEST_F(VocabularyTest, HuggingFaceErrorsNameTheFile) {
  const auto error = [&](const std::string& vocab, const std::string& merges) {
    const auto path = file(
        "tokenizer.json",
        R"({"model": {"type": "BPE", "vocab": )" + vocab + R"(, "merges": )" +
            merges + "}}");
    const std::string what = error_of([&] { read_hf_tokenizer(path); });
    EXPECT_NE(what.find("tokenizer.json"), std::string::npos) << what;
    return what;
  };
  // Ids that are not ranks would encode wrongly without a word.
  EXPECT_NE(
      error(small_vocab(), R"(["Ġ a", "a b"])").find("merge 1"),
      std::string::npos);
  EXPECT_NE(error(small_vocab(), R"(["ab"])").find("merge"), std::string::npos);
  EXPECT_NE(error(small_vocab(), R"([7])").find("merge 0"), std::string::npos);
  EXPECT_NE(error("{}", "[]").find("<|endoftext|>"), std::string::npos);
  EXPECT_NE(
      error(small_vocab(R"(, "zz": 5)"), "[]").find("two tokens have the id 5"),
      std::string::npos);
  EXPECT_NE(
      error(R"({"a": 0, "b": 2, "<|endoftext|>": 3})", "[]").find("id 1"),
      std::string::npos);
  EXPECT_NE(
      error(R"({"a": 0, "b": "x", "<|endoftext|>": 3})", "[]").find("\"b\""),
      std::string::npos);

  const auto text = file("tokenizer.json", "{\"model\": ");
  EXPECT_NE(
      error_of([&] { read_hf_tokenizer(text); }).find("not JSON"),
      std::string::npos);
  const auto other =
      file("tokenizer.json", R"({"model": {"type": "WordPiece"}})");
  EXPECT_NE(
      error_of([&] { read_hf_tokenizer(other); }).find("no BPE"),
      std::string::npos);
}

} // namespace
} // namespace mlxaudio::text
