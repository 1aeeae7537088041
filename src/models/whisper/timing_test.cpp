// SPDX-License-Identifier: MIT
#include "models/whisper/timing.h"

#include <gtest/gtest.h>

#include <iterator>
#include <utility>

#include <mlx/ops.h>

#include "core/expect_error.h"
#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

using toy::shared_model;
using toy::shared_tokenizer;

constexpr int kEot = 50257;

// --- merge_punctuations
// --------------------------------------------------------

std::vector<WordTiming> spelled(const std::vector<std::string>& words) {
  std::vector<WordTiming> out;
  for (const auto& word : words) {
    out.push_back({.word = word, .tokens = {static_cast<int>(out.size())}});
  }
  return out;
}

std::vector<std::string> words_of(const std::vector<WordTiming>& timings) {
  std::vector<std::string> out;
  for (const auto& timing : timings) {
    out.push_back(timing.word);
  }
  return out;
}

std::vector<std::string> merged(const std::vector<std::string>& words) {
  auto timings = spelled(words);
  const TranscribeOptions options;
  merge_punctuations(
      timings,
      options.prepend_punctuations,
      options.append_punctuations);
  return words_of(timings);
}

using Strings = std::vector<std::string>;

TEST(MergePunctuations, JoinsMarksToTheirWords) {
  EXPECT_EQ(
      merged({" Hi", ",", " you", "."}),
      (Strings{" Hi,", "", " you.", ""}));
  EXPECT_EQ(
      merged({" say", " “", "hi", "”"}),
      (Strings{" say", "", " “hi”", ""}));
  EXPECT_EQ(merged({" (", "a", ")", "."}), (Strings{"", " (a).", "", ""}));
  EXPECT_EQ(
      merged({" ¿", " \"", "Qué", "?", "\""}),
      (Strings{"", "", " ¿ \"Qué?\"", "", ""}));
}

TEST(MergePunctuations, LeavesOtherWordsAlone) {
  EXPECT_EQ(merged({}), Strings{});
  EXPECT_EQ(merged({"."}), Strings{"."});
  EXPECT_EQ(merged({" a", " b"}), (Strings{" a", " b"}));
  // A mark that goes before a word needs its blank, one that goes after a word
  // must not follow one.
  EXPECT_EQ(merged({"(", "a"}), (Strings{"(", "a"}));
  EXPECT_EQ(merged({"a ", "."}), (Strings{"a ", "."}));
}

TEST(MergePunctuations, MovesTokens) {
  auto timings = spelled({" (", "a", ")", " b"});
  merge_punctuations(timings, "(", ")");
  EXPECT_TRUE(timings[0].tokens.empty());
  EXPECT_EQ(timings[1].tokens, (std::vector{0, 1, 2}));
  EXPECT_TRUE(timings[2].tokens.empty());
  EXPECT_EQ(timings[3].tokens, std::vector{3});
}

// --- add_word_timestamps
// -------------------------------------------------------

/// Segments of so many tokens each, which begin and end as given.
std::vector<Segment> segments_of(
    int seek,
    const std::vector<std::pair<double, double>>& times,
    const std::vector<int>& n_tokens) {
  std::vector<Segment> out;
  for (std::size_t i = 0; i < times.size(); ++i) {
    Segment segment;
    segment.seek = seek;
    segment.start = times[i].first;
    segment.end = times[i].second;
    segment.tokens = {kEot + 107};
    segment.tokens.insert(segment.tokens.end(), n_tokens[i], 400);
    segment.tokens.push_back(kEot + 200);
    out.push_back(std::move(segment));
  }
  return out;
}

/// Words of one token each, at these times.
std::vector<WordTiming> at(
    const std::vector<std::pair<double, double>>& times,
    const std::string& word = " word") {
  std::vector<WordTiming> out;
  for (const auto& [start, end] : times) {
    out.push_back(
        {.word = word,
         .tokens = {400},
         .start = start,
         .end = end,
         .probability = 0.5});
  }
  return out;
}

void add(
    std::vector<Segment>& segments,
    const std::vector<WordTiming>& timings,
    double last_speech_timestamp = 0) {
  const TranscribeOptions options;
  add_word_timestamps(
      segments,
      [&](std::span<const int>) { return timings; },
      kEot,
      options.prepend_punctuations,
      options.append_punctuations,
      last_speech_timestamp);
}

TEST(AddWordTimestamps, DealsWordsOutByTheirTokens) {
  auto segments = segments_of(1000, {{10, 11}, {11, 12}, {12, 13}}, {2, 0, 1});
  std::vector<int> asked;
  add_word_timestamps(
      segments,
      [&](std::span<const int> text_tokens) {
        asked.assign(text_tokens.begin(), text_tokens.end());
        return at({{0, 0.5}, {0.5, 1}, {2, 2.5}});
      },
      kEot,
      "",
      "",
      9.5);
  EXPECT_EQ(asked, (std::vector{400, 400, 400}));
  ASSERT_EQ(segments[0].words->size(), 2U);
  EXPECT_EQ(segments[0].words->at(0).word, " word");
  EXPECT_EQ(segments[0].words->at(0).start, 10);
  EXPECT_EQ(segments[0].words->at(1).end, 11);
  EXPECT_EQ(segments[0].words->at(1).probability, 0.5);
  EXPECT_TRUE(segments[1].words->empty());
  EXPECT_EQ(segments[1].start, 11);
  ASSERT_EQ(segments[2].words->size(), 1U);
  // Segments begin and end with their words.
  EXPECT_EQ(segments[2].start, 12);
  EXPECT_EQ(segments[2].end, 12.5);
}

TEST(AddWordTimestamps, WithoutWordsKeepsTheSegmentsTimes) {
  auto segments = segments_of(0, {{1, 2}}, {0});
  add(segments, {});
  EXPECT_TRUE(segments[0].words->empty());
  EXPECT_EQ(segments[0].start, 1);
  EXPECT_EQ(segments[0].end, 2);
  std::vector<Segment> none;
  add(none, {});
  EXPECT_TRUE(none.empty());
}

TEST(AddWordTimestamps, RoundsAsNumpyDoes) {
  // 2.675 is a little below the half, and Python rounds it down; 100 times
  // that is the half, and the even number is above it.
  auto segments = segments_of(67, {{0, 9}}, {1});
  add(segments, at({{0, 2.005}}), 9);
  EXPECT_EQ(segments[0].words->at(0).end, 2.68);
}

TEST(AddWordTimestamps, CutsLongWordsAtTheEndOfASentence) {
  auto segments = segments_of(0, {{0, 9}}, {5});
  auto timings =
      at({{0, 0.2}, {0.2, 0.4}, {0.4, 3}, {3, 6}, {6, 6.2}}, " word");
  timings[2].word = ".";
  add(segments, timings);
  // The median is 0.2, so the mark ends 0.4 after its start, and the word
  // after it begins 0.4 before its end.
  const auto& words = *segments[0].words;
  ASSERT_EQ(words.size(), 4U);
  EXPECT_EQ(words[1].word, " word.");
  EXPECT_EQ(words[1].end, 0.4);
  EXPECT_EQ(words[2].start, 5.6);
}

TEST(AddWordTimestamps, CutsTheFirstWordsAfterAPause) {
  auto segments = segments_of(0, {{0, 9}}, {4});
  add(segments, at({{0, 5}, {5, 5.2}, {5.2, 5.4}, {5.4, 5.6}}));
  EXPECT_EQ(segments[0].words->at(0).start, 4.6);
  EXPECT_EQ(segments[0].start, 4.6);

  // The second one too.
  segments = segments_of(0, {{0, 9}}, {4});
  add(segments, at({{0, 3.5}, {3.5, 6.5}, {6.5, 6.7}, {6.7, 6.9}}));
  const auto& words = *segments[0].words;
  // Median 1.6 counts as 0.7.
  EXPECT_DOUBLE_EQ(words[0].end, 6.5 - 1.4);
  EXPECT_DOUBLE_EQ(words[1].start, 6.5 - 1.4);
  EXPECT_DOUBLE_EQ(words[0].start, 6.5 - 2.8);

  // Not where speech has only just ended.
  segments = segments_of(0, {{0, 9}}, {4});
  add(segments, at({{0, 5}, {5, 5.2}, {5.2, 5.4}, {5.4, 5.6}}), 4.5);
  EXPECT_EQ(segments[0].words->at(0).start, 0);
}

TEST(AddWordTimestamps, PrefersTheSegmentsTimesToThoseOfVeryLongWords) {
  auto segments = segments_of(0, {{2, 4}}, {4});
  add(segments, at({{0, 2.5}, {2.5, 2.7}, {2.7, 2.9}, {2.9, 5}}), 2);
  const auto& words = *segments[0].words;
  // The median is that of 0.2, 0.2, 2.1, 2.5, taken for 0.7.
  EXPECT_DOUBLE_EQ(words.front().start, 2.5 - 0.7);
  EXPECT_EQ(segments[0].start, 2);
  EXPECT_EQ(words.back().end, 4);
  EXPECT_EQ(segments[0].end, 4);
}

TEST(AddWordTimestamps, NeverBeginsBeforeTheAudio) {
  auto segments = segments_of(0, {{0, 0.01}}, {1});
  add(segments, at({{-0.02, -0.02}}));
  EXPECT_EQ(segments[0].words->at(0).start, 0);
  EXPECT_EQ(segments[0].start, 0);
  segments = segments_of(100, {{1, 1.01}}, {1});
  add(segments, at({{-0.02, -0.02}}));
  EXPECT_EQ(segments[0].words->at(0).start, 0.98);
}

// --- find_alignment
// ------------------------------------------------------------

const mx::array& features() {
  static const mx::array f =
      shared_model().embed_audio(toy::random_array({1, 3000, 80}, 5));
  return f;
}

const std::vector<int> kText{' ', toy::pair('h', 'i'), ' ', 'y', 'o', ' ', 'u'};

TEST(FindAlignment, GivesEachWordItsTokensInOrder) {
  const auto words = find_alignment(
      shared_model(),
      shared_tokenizer(),
      kText,
      features(),
      3000);
  EXPECT_EQ(words_of(words), (Strings{" hi", " yo", " u"}));
  double before = 0;
  std::vector<int> tokens;
  for (const auto& word : words) {
    EXPECT_GE(word.start, before);
    EXPECT_GE(word.end, word.start);
    EXPECT_LE(word.end, 30);
    EXPECT_GT(word.probability, 0);
    EXPECT_LT(word.probability, 1);
    before = word.end;
    tokens.insert(tokens.end(), word.tokens.begin(), word.tokens.end());
  }
  EXPECT_EQ(tokens, kText);
}

TEST(FindAlignment, StaysWithinTheWindow) {
  for (const int num_frames : {4, 5, 40, 777}) {
    for (const auto& word : find_alignment(
             shared_model(),
             shared_tokenizer(),
             kText,
             features(),
             num_frames)) {
      EXPECT_LE(word.end * 100, num_frames) << num_frames;
    }
  }
  for (const int num_frames : {1, 2, 3}) {
    for (const auto& word : find_alignment(
             shared_model(),
             shared_tokenizer(),
             kText,
             features(),
             num_frames)) {
      EXPECT_EQ(word.start, -0.02) << num_frames;
    }
  }
}

TEST(FindAlignment, NothingHasNoWords) {
  EXPECT_TRUE(
      find_alignment(shared_model(), shared_tokenizer(), {}, features(), 3000)
          .empty());
}

TEST(FindAlignment, ReadsTheHeadsThatItIsGiven) {
  auto other = shared_model();
  other.alignment_heads = {{0, 1}};
  const auto starts = [](const std::vector<WordTiming>& words) {
    std::vector<double> out;
    for (const auto& word : words) {
      out.push_back(word.start);
    }
    return out;
  };
  const auto ours = find_alignment(
      shared_model(),
      shared_tokenizer(),
      kText,
      features(),
      3000);
  const auto theirs =
      find_alignment(other, shared_tokenizer(), kText, features(), 3000);
  EXPECT_NE(starts(ours), starts(theirs));
  EXPECT_EQ(ours[0].probability, theirs[0].probability);
}

TEST(FindAlignment, RefusesWhatItCannotAlign) {
  auto headless = shared_model();
  headless.alignment_heads.clear();
  expect_error<UnsupportedError>(
      [&] {
        find_alignment(headless, shared_tokenizer(), kText, features(), 3000);
      },
      {"[whisper.timing]", "alignment heads"});
  for (const int token :
       {-1, shared_tokenizer().eot, shared_tokenizer().timestamp_begin}) {
    EXPECT_THROW(
        find_alignment(
            shared_model(),
            shared_tokenizer(),
            std::vector{'a' + 0, token},
            features(),
            3000),
        ArgumentError);
  }
  // Three tokens begin, one turns timestamps off, one ends.
  const std::vector<int> most(448 - 5, 'a');
  EXPECT_NO_THROW(find_alignment(
      shared_model(),
      shared_tokenizer(),
      most,
      features(),
      3000));
  const std::vector<int> more(448 - 4, 'a');
  expect_error<ArgumentError>(
      [&] {
        find_alignment(
            shared_model(),
            shared_tokenizer(),
            more,
            features(),
            3000);
      },
      {"444 tokens", "448", "sample_len"});
}

} // namespace
} // namespace mlxaudio::whisper
