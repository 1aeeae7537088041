// SPDX-License-Identifier: MIT
#include "models/whisper/hallucination.h"

#include <gtest/gtest.h>

#include <utility>

namespace mlxaudio::whisper {
namespace {

Word word(double start, double end, double probability = 0.9) {
  return {
      .word = " word",
      .start = start,
      .end = end,
      .probability = probability};
}

/// A segment that begins and ends with its words.
Segment segment(std::vector<Word> words) {
  Segment s;
  if (!words.empty()) {
    s.start = words.front().start;
    s.end = words.back().end;
  }
  s.words = std::move(words);
  return s;
}

/// One that looks made up.
Segment made_up(double start) {
  return segment({word(start, start + 0.05, 0.01), word(start, start, 0.01)});
}

Segment spoken(double start, double end) {
  return segment({word(start, start + 0.4), word(end - 0.4, end)});
}

TEST(WordAnomalyScore, AddsUpWhatIsOdd) {
  EXPECT_EQ(word_anomaly_score(word(1, 1.5)), 0);
  EXPECT_EQ(word_anomaly_score(word(1, 1.5, 0.1)), 1);
  EXPECT_EQ(word_anomaly_score(word(1, 1.5, 0.15)), 0);
  EXPECT_DOUBLE_EQ(word_anomaly_score(word(1, 1)), 0.133 * 15);
  EXPECT_DOUBLE_EQ(word_anomaly_score(word(1, 4, 0.1)), 2);
}

TEST(IsSegmentAnomaly, LooksAtTheFirstWords) {
  EXPECT_FALSE(is_segment_anomaly(nullptr));
  const Segment without;
  EXPECT_FALSE(is_segment_anomaly(&without));
  const auto none = segment({});
  EXPECT_FALSE(is_segment_anomaly(&none));
  const auto good = spoken(0, 2);
  EXPECT_FALSE(is_segment_anomaly(&good));
  const auto bad = made_up(0);
  EXPECT_TRUE(is_segment_anomaly(&bad));
  // 3 of 8 odd words are too many, 2 are not; the ninth is not looked at.
  std::vector<Word> words(9, word(0, 0.5));
  words[0].probability = words[1].probability = words[8].probability = 0;
  auto some = segment(words);
  EXPECT_FALSE(is_segment_anomaly(&some));
  some.words->at(2).probability = 0;
  EXPECT_TRUE(is_segment_anomaly(&some));
}

TEST(IsSegmentAnomaly, PassesPunctuationOver) {
  auto good = segment({word(0, 0.5), word(0.5, 0.5, 0)});
  EXPECT_TRUE(is_segment_anomaly(&good));
  good.words->at(1).word = "?";
  EXPECT_FALSE(is_segment_anomaly(&good));
  // With nothing else there are no words at all, and 0 is not below 0.
  good.words->at(0).word = "\"'";
  EXPECT_TRUE(is_segment_anomaly(&good));
}

TEST(NextWordsSegment, IsTheFirstWithWords) {
  const std::vector<Segment> segments{segment({}), Segment{}, spoken(1, 2)};
  EXPECT_EQ(next_words_segment(segments), &segments[2]);
  EXPECT_EQ(next_words_segment(std::span(segments).first(2)), nullptr);
}

constexpr WindowTimes kWindow{
    .seek = 1000,
    .size = 3000,
    .content_frames = 9000,
    .last_speech_timestamp = 9,
    .single_timestamp_ending = true};

TEST(SkipHallucinations, KeepsSpeech) {
  std::vector<Segment> segments{spoken(12, 20), spoken(21, 39)};
  const auto skip = skip_hallucinations(segments, kWindow, 4000, 1);
  EXPECT_EQ(skip.seek, 4000);
  EXPECT_FALSE(skip.drop_window);
  EXPECT_EQ(segments.size(), 2U);
}

TEST(SkipHallucinations, LooksAgainAtLongSilenceAfterTheLastWord) {
  auto window = kWindow;
  window.single_timestamp_ending = false;
  std::vector<Segment> segments{spoken(12, 20)};
  EXPECT_EQ(skip_hallucinations(segments, window, 2000, 1).seek, 2000);
  EXPECT_EQ(skip_hallucinations(segments, window, 1234, 1).seek, 2000);
  // Silence that is not long goes with the window.
  EXPECT_EQ(skip_hallucinations(segments, window, 2000, 25).seek, 4000);
  // Where words end with the window, or before, nothing changes.
  segments = {segment({word(9, 10)})};
  EXPECT_EQ(skip_hallucinations(segments, window, 1234, 25).seek, 1234);
}

TEST(SkipHallucinations, SkipsSilenceBeforeAMadeUpBeginning) {
  std::vector<Segment> segments{segment({}), made_up(15), spoken(20, 22)};
  auto skip = skip_hallucinations(segments, kWindow, 4000, 2);
  EXPECT_TRUE(skip.drop_window);
  EXPECT_EQ(skip.seek, 1500);
  // Not if there is less of it.
  skip = skip_hallucinations(segments, kWindow, 4000, 5);
  EXPECT_FALSE(skip.drop_window);
}

TEST(SkipHallucinations, ALeadingGapMustBeAFrame) {
  std::vector<Segment> segments{made_up(10.004)};
  const auto skip = skip_hallucinations(segments, kWindow, 4000, 0);
  EXPECT_FALSE(skip.drop_window);
  EXPECT_GT(skip.seek, kWindow.seek);
}

TEST(SkipHallucinations, DropsWhatHasSilenceAround) {
  std::vector<Segment> segments{spoken(10, 15), made_up(20), spoken(30, 33)};
  const auto skip = skip_hallucinations(segments, kWindow, 4000, 2);
  EXPECT_EQ(segments.size(), 1U);
  EXPECT_EQ(skip.seek, 2000);
  EXPECT_FALSE(skip.drop_window);
}

TEST(SkipHallucinations, DropsWhatHasMoreOfItsKindAfterIt) {
  std::vector<Segment> segments{spoken(10, 15), made_up(20), made_up(20.1)};
  skip_hallucinations(segments, kWindow, 4000, 2);
  EXPECT_EQ(segments.size(), 1U);
}

TEST(SkipHallucinations, KeepsWhatIsNextToSpeech) {
  std::vector<Segment> segments{
      spoken(10, 19.5),
      made_up(20),
      spoken(20.2, 33)};
  const auto skip = skip_hallucinations(segments, kWindow, 4000, 2);
  EXPECT_EQ(segments.size(), 3U);
  EXPECT_EQ(skip.seek, 4000);
}

TEST(SkipHallucinations, AtTheEndOfTheAudioNothingIsLeft) {
  auto window = kWindow;
  window.content_frames = 4000;
  std::vector<Segment> segments{spoken(10, 15), made_up(39)};
  const auto skip = skip_hallucinations(segments, window, 4000, 2);
  EXPECT_EQ(segments.size(), 1U);
  EXPECT_EQ(skip.seek, 4000);
}

} // namespace
} // namespace mlxaudio::whisper
