// SPDX-License-Identifier: MIT
#include "words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>
#include <utility>

#include "recipes.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

/// Most that a time may be off: one position of the encoder. \unit s
constexpr double kWordTime = 0.02;
/// What float32 leaves open of a word's probability.
constexpr double kWordProbability = 2e-4;
/// Of the times of a group, how many must be equal.
constexpr double kEqualTimes = 0.99;

/// Recorded inputs of each group, by how their names begin.
const std::vector<std::pair<std::string, std::vector<std::string>>>& groups() {
  static const std::vector<std::pair<std::string, std::vector<std::string>>>
      table{
          {"librivox", {"librivox-"}},
          {"cards", {"card-"}},
          {"commands", {"goforward", "numbers", "something"}},
          {"shared", {"jfk", "en_man", "en_woman"}},
          {"gaps", {"gap-"}},
          {"edges",
           {"empty",
            "one-",
            "tenth-",
            "half-",
            "silence-",
            "noise-",
            "window"}},
          {"long_debian", {"long-debian"}},
          {"clips", {"long-debian"}},
          {"prompts", {"long-debian"}},
          {"long_silence", {"long-silence"}},
          {"long_shared", {"long-shared"}},
          {"thirty_minutes", {"thirty-minutes"}},
      };
  return table;
}

/// Times that were compared.
struct Count {
  int times = 0;
  int equal = 0;

  void add(double ours, double theirs) {
    EXPECT_NEAR(ours, theirs, kWordTime + 1e-6);
    ++times;
    equal += std::abs(ours - theirs) < 1e-6 ? 1 : 0;
  }
};

void expect_words(const Segment& ours, const Json& theirs, Count& count) {
  // Clearing gives a segment an empty list, asked for or not.
  const bool has_words = ours.words || ours.cleared;
  ASSERT_EQ(has_words, theirs.contains("words"));
  if (!has_words) {
    return;
  }
  const auto words = ours.words.value_or(std::vector<Word>{});
  ASSERT_EQ(words.size(), theirs["words"].size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Json& word = theirs["words"][i];
    SCOPED_TRACE(word.dump());
    EXPECT_EQ(words[i].word, word[0]);
    count.add(words[i].start, word[1]);
    count.add(words[i].end, word[2]);
    EXPECT_NEAR(words[i].probability, word[3].get<double>(), kWordProbability);
  }
}

void expect_run(const Transcription& got, const Json& expected, Count& count) {
  EXPECT_TRUE(got.complete);
  EXPECT_EQ(got.language, expected["language"]);
  EXPECT_EQ(got.text, expected["text"]);
  const Json& segments = expected["segments"];
  ASSERT_EQ(got.segments.size(), segments.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    SCOPED_TRACE("segment " + std::to_string(i));
    const Segment& ours = got.segments[i];
    const Json& theirs = segments[i];
    EXPECT_EQ(ours.id, theirs["id"]);
    EXPECT_EQ(ours.seek, theirs["seek"]);
    EXPECT_EQ(ours.tokens, theirs["tokens"].get<std::vector<int>>());
    EXPECT_EQ(ours.text, theirs["text"]);
    count.add(ours.start, theirs["start"]);
    count.add(ours.end, theirs["end"]);
    expect_words(ours, theirs, count);
  }
}

} // namespace

std::vector<WordRuns> word_runs(bool slow) {
  // What is not slow takes less than a minute on two cores.
  const std::set<std::string> quick_on_base{"librivox"};
  const std::set<std::string> slow_on_tiny{
      "gaps",
      "long_debian",
      "long_shared",
      "long_silence",
      "prompts"};
  std::vector<WordRuns> found;
  for (const auto& [group, beginnings] : groups()) {
    if (group == "thirty_minutes") {
      if (slow) {
        found.push_back({"tiny.en", group});
      }
      continue;
    }
    if (quick_on_base.contains(group) != slow) {
      found.push_back({"base", group});
    }
    if (slow_on_tiny.contains(group) == slow) {
      found.push_back({"tiny.en", group});
    }
  }
  return found;
}

std::vector<std::string> word_groups_of(const Json& run) {
  const std::string input = run["input"];
  const Json& options = run["options"];
  // Most runs on the long file are in groups of their own.
  const std::string special = !input.starts_with("long-debian")     ? ""
                              : options.contains("clip_timestamps") ? "clips"
                              : options.contains("initial_prompt")
                                  ? "prompts"
                                  : "long_debian";
  std::vector<std::string> found;
  for (const auto& [group, beginnings] : groups()) {
    if (special.empty() ? std::any_of(
                              beginnings.begin(),
                              beginnings.end(),
                              [&](const auto& beginning) {
                                return input.starts_with(beginning);
                              })
                        : group == special) {
      found.push_back(group);
    }
  }
  return found;
}

std::string word_test_name(const testing::TestParamInfo<WordRuns>& parameters) {
  return identifier(parameters.param.model + "_" + parameters.param.group);
}

void expect_recorded_words(const WordRuns& runs) {
  const auto& [name, group] = runs;
  const bool is_long = group == "thirty_minutes";
  const Json golden =
      read_golden((is_long ? "long-" : "words-") + name + ".json");
  Count count;
  int n_runs = 0;
  check_runs(
      golden,
      [&group = group](const Json& run) {
        return word_groups_of(run).front() == group;
      },
      [&, &name = name](const Audio& audio, const Json& run) {
        auto options = read_options(run["options"]);
        options.temperature = {0.0};
        expect_run(model(name).transcribe(audio, options), run, count);
        ++n_runs;
      });
  if (n_runs == 0) {
    return;
  }
  std::cout << count.equal << " of " << count.times << " times are equal in "
            << n_runs << " runs\n";
  EXPECT_GE(count.equal, kEqualTimes * count.times);
}

} // namespace mlxaudio::e2e
