// SPDX-License-Identifier: MIT
// The reference's words at the reference's times, and what depends on them:
// clips, silence that is skipped, prompts that are carried on.

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "support.h"
#include "words.h"

namespace mlxaudio::e2e {
namespace {

class Words
    : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Words, AreTheReferencesAtItsTimes) {
  const auto& [name, group] = GetParam();
  MLXAUDIO_NEEDS(lack_of_model(name));
  expect_recorded_words(name, group);
}

std::string group_test_name(
    const testing::TestParamInfo<Words::ParamType>& parameters) {
  const auto& [name, group] = parameters.param;
  return identifier(name + "_" + group);
}

INSTANTIATE_TEST_SUITE_P(
    Whisper,
    Words,
    testing::Combine(
        testing::Values("base", "tiny.en"), testing::ValuesIn(word_groups())),
    group_test_name);

TEST(WordGroups, CoverEveryRecordedRunOnce) {
  for (const auto* name : {"base", "tiny.en"}) {
    const Json golden = read_golden(std::string("words-") + name + ".json");
    for (const Json& run : golden["runs"]) {
      EXPECT_EQ(word_groups_of(run["input"]).size(), 1U) << run["input"];
    }
  }
}

} // namespace
} // namespace mlxaudio::e2e
