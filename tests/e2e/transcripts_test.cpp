// SPDX-License-Identifier: MIT
// Token for token what openai-whisper transcribes, on every recorded clip and
// with every recorded option.

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "recipes.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

/// Recorded inputs that one test covers, by how their names begin.
const std::vector<std::pair<std::string, std::vector<std::string>>>& groups() {
  static const std::vector<std::pair<std::string, std::vector<std::string>>>
      table{
          {"librivox", {"librivox-0870"}}, // with every option
          {"librivox_others", {"librivox-088", "librivox-089", "librivox-09"}},
          {"cards", {"card-"}},
          {"commands", {"goforward", "numbers", "something"}},
          {"shared", {"jfk", "en_man", "en_woman"}},
          {"long_debian", {"long-debian"}},
          {"long_silence", {"long-silence"}},
          {"long_shared", {"long-shared"}},
          {"edges",
           {"empty",
            "one-",
            "under-",
            "tenth-",
            "half-",
            "silence-",
            "noise-",
            "window"}},
      };
  return table;
}

std::vector<std::string> groups_of(const std::string& input) {
  std::vector<std::string> found;
  for (const auto& [group, beginnings] : groups()) {
    for (const auto& beginning : beginnings) {
      if (input.starts_with(beginning)) {
        found.push_back(group);
      }
    }
  }
  return found;
}

Json recording(const std::string& name) {
  return read_golden("transcripts-" + name + ".json");
}

/// What the recorder gives besides: no fallback.
TranscribeOptions greedy(TranscribeOptions options = {}) {
  options.temperature = {0};
  return options;
}

class Transcripts
    : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Transcripts, AreTheReferencesTokenForToken) {
  const auto& [name, group] = GetParam();
  MLXAUDIO_NEEDS(lack_of_model(name));
  check_runs(
      recording(name),
      [&group = group](const Json& run) {
        return groups_of(run["input"]).front() == group;
      },
      [&name = name](const Audio& audio, const Json& run) {
        expect_equal(
            model(name).transcribe(audio, greedy(read_options(run["options"]))),
            run);
      });
}

std::vector<std::string> group_names() {
  std::vector<std::string> names;
  for (const auto& [group, beginnings] : groups()) {
    names.push_back(group);
  }
  return names;
}

std::string group_test_name(
    const testing::TestParamInfo<Transcripts::ParamType>& parameters) {
  const auto& [name, group] = parameters.param;
  return identifier(name + "_" + group);
}

INSTANTIATE_TEST_SUITE_P(
    Whisper,
    Transcripts,
    testing::Combine(
        testing::Values("base", "tiny.en"), testing::ValuesIn(group_names())),
    group_test_name);

TEST(TranscriptGroups, CoverEveryRecordedRunOnce) {
  for (const auto* name : {"base", "tiny.en"}) {
    const Json golden = recording(name);
    for (const Json& run : golden["runs"]) {
      EXPECT_EQ(groups_of(run["input"]).size(), 1U) << run["input"];
    }
  }
}

/// A test that uses one packaged model.
class OnModel : public testing::Test {
 protected:
  explicit OnModel(std::string name) : name_(std::move(name)) {}
  void SetUp() override {
    MLXAUDIO_NEEDS(lack_of_model(name_));
  }

 private:
  std::string name_;
};

struct OnBase : OnModel {
  OnBase() : OnModel("base") {}
};
struct OnTinyEn : OnModel {
  OnTinyEn() : OnModel("tiny.en") {}
};

void expect_language_probabilities(
    const std::function<bool(const std::string&)>& is_chosen) {
  const Json golden = recording("base");
  const Recipes recipes(golden);
  int compared = 0;
  for (const auto& [input, expected] : golden["language_probs"].items()) {
    if (!is_chosen(groups_of(input).front())) {
      continue;
    }
    SCOPED_TRACE(input);
    if (const auto lack = recipes.lack_of(input); !lack.empty()) {
      std::cerr << lack << '\n';
      continue;
    }
    const auto got = model("base").detect_language(recipes.make(input));
    ASSERT_EQ(got.size(), expected.size());
    double before = 1;
    for (const auto& [language, probability] : got) {
      ASSERT_TRUE(expected.contains(language)) << language;
      EXPECT_NEAR(probability, expected[language].get<double>(), 1e-4)
          << language;
      EXPECT_LE(probability, before) << "most likely first";
      before = probability;
    }
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST_F(OnBase, LanguageProbabilitiesAreTheReferences) {
  expect_language_probabilities([](const std::string& group) {
    return group == "librivox" || group == "commands";
  });
}

TEST_F(OnBase, LanguageProbabilitiesOfAllElseAreTheReferences) {
  expect_language_probabilities([](const std::string& group) {
    return group != "librivox" && group != "commands";
  });
}

TEST_F(OnTinyEn, LanguageDetectionIsRefused) {
  Audio second;
  second.samples.assign(16000, 0.0F);
  EXPECT_THROW(model("tiny.en").detect_language(second), UnsupportedError);
}

/// From the file, at its own rate, with our resampler: the reference's text.
void expect_texts_of_files(const std::string& name) {
  const Json golden = recording(name);
  int compared = 0;
  for (const auto& [clip, text] : golden["file_texts"].items()) {
    const auto path = shared_audio_dir() / (clip + ".wav");
    if (!std::filesystem::exists(path)) {
      std::cerr << "NOT TESTED: " << path << " is missing\n";
      continue;
    }
    EXPECT_EQ(model(name).transcribe(path, greedy()).text, text) << clip;
    ++compared;
  }
  if (compared == 0) {
    GTEST_SKIP() << "NOT TESTED: no clip in " << shared_audio_dir();
  }
}

TEST_F(OnBase, TextsOfFilesAreTheReferences) {
  expect_texts_of_files("base");
}

TEST_F(OnTinyEn, TextsOfFilesAreTheReferences) {
  expect_texts_of_files("tiny.en");
}

TEST_F(OnTinyEn, AFileGivesWhatItsSamplesGive) {
  const Json golden = recording("tiny.en");
  const Recipes recipes(golden);
  const std::string input = "librivox-0880";
  MLXAUDIO_NEEDS(recipes.lack_of(input));
  const std::string name = golden["inputs"][input]["parts"][0]["debian"];
  expect_same_tokens(
      model("tiny.en").transcribe(debian_audio_dir() / name, greedy()),
      model("tiny.en").transcribe(recipes.make(input), greedy()));
}

TEST_F(OnTinyEn, TheSameModelGivesTheSameTwice) {
  const Recipes recipes(recording("tiny.en"));
  MLXAUDIO_NEEDS(recipes.lack_of("card-005"));
  const Audio audio = recipes.make("card-005");
  const auto first = model("tiny.en").transcribe(audio, greedy());
  const auto second = model("tiny.en").transcribe(audio, greedy());
  expect_same_tokens(first, second);
  ASSERT_FALSE(first.segments.empty());
  EXPECT_EQ(first.segments[0].avg_logprob, second.segments[0].avg_logprob);
}

} // namespace
} // namespace mlxaudio::e2e
