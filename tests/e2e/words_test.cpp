// SPDX-License-Identifier: MIT
// The reference's words at the reference's times, and what depends on them:
// clips, silence that is skipped, prompts that are carried on.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support.h"
#include "words.h"

namespace mlxaudio::e2e {
namespace {

class Words : public testing::TestWithParam<WordRuns> {};

TEST_P(Words, AreTheReferencesAtItsTimes) {
  MLXAUDIO_NEEDS(lack_of_model(GetParam().model));
  expect_recorded_words(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Whisper, Words, testing::ValuesIn(word_runs(false)), word_test_name);

TEST(WordGroups, CoverEveryRecordedRunOnce) {
  for (const auto* name : {"base", "tiny.en"}) {
    const Json golden = read_golden(std::string("words-") + name + ".json");
    for (const Json& run : golden["runs"]) {
      EXPECT_EQ(word_groups_of(run).size(), 1U) << run["input"];
    }
  }
}

/// What the reference's own test of transcribe() checks.
class WordsOfAModel : public testing::TestWithParam<std::string> {};

TEST_P(WordsOfAModel, AreWhereTheyAreSpoken) {
  const auto name = GetParam();
  MLXAUDIO_NEEDS(lack_of_model(name));
  const auto path = shared_audio_dir() / "jfk.wav";
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "NOT TESTED: " << path << " is missing";
  }
  TranscribeOptions options;
  options.temperature = {0.0};
  options.word_timestamps = true;
  const auto result = model(name).transcribe(path, options);
  EXPECT_EQ(result.language, "en");

  std::string joined;
  std::string words;
  double before = 0;
  bool timing_checked = false;
  for (const auto& segment : result.segments) {
    joined += segment.text;
    ASSERT_TRUE(segment.words);
    for (const Word& word : *segment.words) {
      words += word.word;
      EXPECT_LT(word.start, word.end) << word.word;
      EXPECT_GE(word.start, before) << word.word;
      before = word.end;
      if (word.word == " Americans" || word.word == " Americans,") {
        EXPECT_LE(word.start, 1.8);
        EXPECT_GE(word.end, 1.8);
        timing_checked = true;
      }
    }
  }
  EXPECT_TRUE(timing_checked);
  EXPECT_EQ(result.text, joined);
  EXPECT_EQ(result.text, words);
  for (const auto* part : {"ellow Americans", "your country", "do for you"}) {
    EXPECT_NE(result.text.find(part), std::string::npos) << part;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Whisper, WordsOfAModel, testing::Values("base", "tiny.en"), test_name);

} // namespace
} // namespace mlxaudio::e2e
