// SPDX-License-Identifier: MIT
#include "models/whisper/transcribe.h"

#include <cmath>
#include <deque>

#include <gtest/gtest.h>
#include <mlx/ops.h>

#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

using toy::shared_model;
using toy::shared_tokenizer;

const int kHi = toy::pair('h', 'i');
const int kHo = toy::pair('h', 'o');
const int kSpace = ' ';

int at(int position) {
  return shared_tokenizer().timestamp_begin + position;
}

DecodingResult decoded(
    std::vector<int> tokens,
    double no_speech_prob = 0,
    double avg_logprob = -0.2) {
  return {
      .audio_features = mx::array(0.0F),
      .language = "en",
      .tokens = std::move(tokens),
      .avg_logprob = avg_logprob,
      .no_speech_prob = no_speech_prob,
      .temperature = 0,
      .compression_ratio = 1.5};
}

/// A model that follows a script and notes what it was asked.
struct Script {
  explicit Script(std::vector<DecodingResult> script)
      : results(script.begin(), script.end()) {}

  Transcriber transcriber(bool is_multilingual = true) {
    return {
        .dims = toy::dims(is_multilingual),
        .get_tokenizer =
            [](const std::string& language, const std::string& task) {
              return shared_model().get_tokenizer(language, task);
            },
        .embed_audio =
            [this](const mx::array& mel) {
              embedded.push_back(mel);
              return mx::full({1, 1500, 8}, 3.0F);
            },
        .detect_language =
            [this](const mx::array&) {
              ++detections;
              return std::vector<LanguageProbability>{
                  {"en", 0.2},
                  {"fr", 0.5},
                  {"de", 0.3}};
            },
        .decode =
            [this](const mx::array& mel, const DecodingOptions& options) {
              windows.push_back(mel);
              asked.push_back(options);
              if (on_decode) {
                on_decode();
              }
              auto result = results.front();
              if (results.size() > 1) {
                results.pop_front();
              }
              result.temperature = options.temperature;
              return result;
            },
        .find_alignment =
            [this](
                const Tokenizer&,
                std::span<const int> text_tokens,
                const mx::array&,
                int num_frames) {
              aligned.emplace_back(text_tokens.begin(), text_tokens.end());
              aligned_frames.push_back(num_frames);
              auto words = alignments.front();
              if (alignments.size() > 1) {
                alignments.pop_front();
              }
              return words;
            }};
  }
  const std::vector<int>& prompt(std::size_t window) const {
    return std::get<std::vector<int>>(asked[window].prompt);
  }

  std::deque<DecodingResult> results;
  std::vector<mx::array> embedded;
  std::vector<mx::array> windows;
  std::vector<DecodingOptions> asked;
  int detections = 0;
  std::function<void()> on_decode;
  /// What find_alignment() gives, and was given.
  std::deque<std::vector<WordTiming>> alignments{{}};
  std::vector<std::vector<int>> aligned;
  std::vector<int> aligned_frames;
};

/// Frames whose values are their number.
MelFrames counting(int content_frames) {
  return {content_frames, [](int seek, int n) {
            return mx::repeat(
                mx::expand_dims(
                    mx::arange(
                        static_cast<double>(seek),
                        static_cast<double>(seek + n),
                        mx::float32),
                    1),
                80,
                1);
          }};
}

Transcription run(
    Script& script,
    int content_frames,
    TranscribeOptions options = {},
    const TranscribeCallbacks& callbacks = {},
    const std::stop_token& stop = {}) {
  if (!options.language) {
    options.language = "en";
  }
  // One decoding for each window: fallback_test.cpp has the others.
  options.temperature = {0};
  return transcribe(
      script.transcriber(),
      counting(content_frames),
      options,
      callbacks,
      stop);
}

// --- one window ------------------------------------------------------------

WindowSegments split(
    const std::vector<int>& tokens, int seek = 0, int segment_size = 3000) {
  return split_window(
      decoded(tokens),
      shared_tokenizer(),
      seek,
      segment_size,
      2);
}

TEST(SplitWindow, CutsAtPairsAndSeeksToTheLast) {
  const auto [segments, seek, single] =
      split({at(0), kHi, at(50), at(50), kHo, at(100), at(100), kHi}, 1000);
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[0].seek, 1000);
  EXPECT_DOUBLE_EQ(segments[0].start, 10);
  EXPECT_DOUBLE_EQ(segments[0].end, 11);
  EXPECT_EQ(segments[0].text, "hi");
  EXPECT_EQ(segments[0].tokens, (std::vector{at(0), kHi, at(50)}));
  EXPECT_DOUBLE_EQ(segments[1].start, 11);
  EXPECT_DOUBLE_EQ(segments[1].end, 12);
  EXPECT_EQ(segments[1].text, "ho");
  EXPECT_DOUBLE_EQ(segments[1].avg_logprob, -0.2);
  EXPECT_DOUBLE_EQ(segments[1].compression_ratio, 1.5);
  // What follows the last pair is for the next window.
  EXPECT_EQ(seek, 1000 + 100 * 2);
}

TEST(SplitWindow, ASingleTimestampAtTheEndEndsTheWindow) {
  const auto [segments, seek, single] =
      split({at(0), kHi, at(50), at(60), kHo, at(100)}, 0, 2500);
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_DOUBLE_EQ(segments[1].start, 60 * 0.02);
  EXPECT_DOUBLE_EQ(segments[1].end, 2);
  EXPECT_EQ(segments[1].tokens, (std::vector{at(60), kHo, at(100)}));
  EXPECT_EQ(seek, 2500);
  EXPECT_TRUE(single);
}

TEST(SplitWindow, APairAtTheEndSeeksToIt) {
  const auto [segments, seek, single] = split({at(0), kHi, at(50), at(50)});
  ASSERT_EQ(segments.size(), 1U);
  EXPECT_EQ(seek, 100);
  EXPECT_FALSE(single);
}

TEST(SplitWindow, WithoutAPairTheLastTimestampIsTheEnd) {
  const auto [segments, seek, single] = split({at(5), kHi, at(50)}, 3000, 2000);
  ASSERT_EQ(segments.size(), 1U);
  EXPECT_DOUBLE_EQ(segments[0].start, 30);
  EXPECT_DOUBLE_EQ(segments[0].end, 31);
  EXPECT_EQ(segments[0].tokens.size(), 3U);
  EXPECT_EQ(seek, 5000);
}

TEST(SplitWindow, TimestampZeroOrNoneIsNoEnd) {
  for (const auto& tokens :
       std::vector<std::vector<int>>{{at(0), kHi}, {kHi, kHo}, {}}) {
    const auto [segments, seek, single] = split(tokens, 0, 700);
    ASSERT_EQ(segments.size(), 1U);
    EXPECT_DOUBLE_EQ(segments[0].end, 7);
    EXPECT_EQ(seek, 700);
  }
}

TEST(SplitWindow, LeavesSpecialTokensOutOfTheText) {
  const auto t = shared_tokenizer();
  const auto [segments, seek, single] = split({at(0), kHi, t.sot_lm, at(10)});
  EXPECT_EQ(segments[0].text, "hi");
  EXPECT_EQ(segments[0].tokens.size(), 4U);
}

// --- the loop --------------------------------------------------------------

TEST(Transcribe, GoesThroughTheAudioWindowByWindow) {
  Script script({
      decoded({at(0), kSpace, kHi, at(500), at(500), kHo}),
      decoded({at(0), kSpace, kHo, at(100)}),
  });
  const auto result = run(script, 3500);
  EXPECT_EQ(result.text, " hi ho");
  EXPECT_EQ(result.language, "en");
  EXPECT_TRUE(result.complete);
  ASSERT_EQ(result.segments.size(), 2U);
  EXPECT_EQ(result.segments[0].id, 0);
  EXPECT_EQ(result.segments[1].id, 1);
  EXPECT_EQ(result.segments[1].seek, 1000);
  EXPECT_DOUBLE_EQ(result.segments[1].start, 10);
  EXPECT_DOUBLE_EQ(result.segments[1].end, 12);
  ASSERT_EQ(script.windows.size(), 2U);
  // The second begins at frame 1000, has 2500 frames, and zeros after them.
  ASSERT_EQ(script.embedded.size(), 2U);
  EXPECT_EQ(script.embedded[1].shape(), (mx::Shape{3000, 80}));
  const auto frame = [&](int i) {
    return mx::slice(script.embedded[1], {i, 0}, {i + 1, 1}).item<float>();
  };
  EXPECT_EQ(frame(0), 1000);
  EXPECT_EQ(frame(2499), 3499);
  EXPECT_EQ(frame(2500), 0);
}

TEST(Transcribe, WhatWasSaidIsThePromptOfTheNextWindow) {
  const std::vector<DecodingResult> results{
      decoded({at(0), kHi, at(1000), at(1000)}),
      decoded({at(0), kHo, at(1000), at(1000)}),
      decoded({at(0), kHi, at(10)})};
  Script script(results);
  run(script, 5000);
  ASSERT_EQ(script.asked.size(), 3U);
  EXPECT_TRUE(script.prompt(0).empty());
  EXPECT_EQ(script.prompt(1), (std::vector{at(0), kHi, at(1000)}));
  EXPECT_EQ(
      script.prompt(2),
      (std::vector{at(0), kHi, at(1000), at(0), kHo, at(1000)}));

  Script unconditioned(results);
  TranscribeOptions options;
  options.condition_on_previous_text = false;
  options.initial_prompt = "hi";
  run(unconditioned, 5000, options);
  EXPECT_EQ(unconditioned.prompt(0), shared_tokenizer().encode(" hi"));
  EXPECT_TRUE(unconditioned.prompt(1).empty());
  EXPECT_TRUE(unconditioned.prompt(2).empty());
}

TEST(Transcribe, AnInitialPromptIsNoText) {
  Script script({decoded({at(0), kHo, at(50)})});
  TranscribeOptions options;
  options.initial_prompt = "  hi ";
  const auto result = run(script, 1000, options);
  EXPECT_EQ(script.prompt(0), shared_tokenizer().encode(" hi"));
  EXPECT_EQ(result.text, "ho");

  // An empty one is a space, as in the reference.
  Script empty({decoded({at(0), kHo, at(50)})});
  options.initial_prompt = "";
  EXPECT_EQ(run(empty, 1000, options).text, "ho");
  EXPECT_EQ(empty.prompt(0), std::vector{kSpace});
}

TEST(Transcribe, SkipsSilence) {
  const auto silence = decoded({at(0), kHi, at(50)}, 0.7, -1.5);
  const auto speech = decoded({at(0), kHo, at(50)});
  const auto with = [&](const DecodingResult& first,
                        const TranscribeOptions& options) {
    Script script({first, speech});
    return run(script, 4000, options).text;
  };
  TranscribeOptions options;
  EXPECT_EQ(with(silence, options), "ho");
  // Probable text counts in spite of the silence.
  EXPECT_EQ(with(decoded({at(0), kHi, at(50)}, 0.7, -0.5), options), "hiho");
  EXPECT_EQ(with(decoded({at(0), kHi, at(50)}, 0.6, -1.5), options), "hiho");
  options.logprob_threshold.reset();
  EXPECT_EQ(with(decoded({at(0), kHi, at(50)}, 0.7, -0.5), options), "ho");
  options.no_speech_threshold.reset();
  EXPECT_EQ(with(silence, options), "hiho");
}

TEST(Transcribe, ClearsSegmentsWithoutLengthOrText) {
  Script script({decoded(
      {at(0),
       kHi,
       at(10),
       at(20),
       kHo,
       at(20),
       at(20),
       kSpace,
       at(30),
       at(30),
       kHi,
       at(40)})});
  const auto result = run(script, 2000);
  ASSERT_EQ(result.segments.size(), 4U);
  for (const std::size_t i : {1U, 2U}) {
    EXPECT_EQ(result.segments[i].text, "");
    EXPECT_TRUE(result.segments[i].tokens.empty());
    EXPECT_EQ(result.segments[i].id, static_cast<int>(i));
  }
  EXPECT_EQ(result.segments[1].cleared_text, "ho");
  EXPECT_EQ(result.segments[2].cleared_text, " ");
  EXPECT_EQ(result.segments[3].cleared_text, "");
  EXPECT_EQ(result.text, "hihi");
}

TEST(Transcribe, DetectsTheLanguageOfTheFirstWindow) {
  Script script({decoded({at(0), kHo, at(50)})});
  std::vector<std::string> languages;
  TranscribeCallbacks callbacks;
  callbacks.on_language = [&](const std::string& l) { languages.push_back(l); };
  const auto result =
      transcribe(script.transcriber(), counting(1000), {}, callbacks, {});
  EXPECT_EQ(result.language, "fr");
  EXPECT_EQ(languages, std::vector<std::string>{"fr"});
  EXPECT_EQ(script.detections, 1);
  EXPECT_EQ(script.asked[0].language, "fr");
  // The window that the language is found in goes on into the padding; the one
  // that is decoded ends with the audio.
  ASSERT_EQ(script.embedded.size(), 2U);
  const auto last = [&](std::size_t i) {
    return mx::slice(script.embedded[i], {2999, 0}, {3000, 1}).item<float>();
  };
  EXPECT_EQ(last(0), 2999);
  EXPECT_EQ(last(1), 0);
}

TEST(Transcribe, EncodesAFullFirstWindowOnce) {
  Script script({decoded({at(0), kHo, at(50)})});
  transcribe(script.transcriber(), counting(4000), {}, {}, {});
  EXPECT_EQ(script.windows.size(), 2U);
  EXPECT_EQ(script.embedded.size(), 2U);
}

TEST(Transcribe, AnEnglishOnlyModelKnowsItsLanguage) {
  Script script({decoded({})});
  const auto transcriber = script.transcriber(false);
  TranscribeOptions options;
  EXPECT_EQ(
      transcribe(transcriber, counting(100), options, {}, {}).language,
      "en");
  EXPECT_EQ(script.detections, 0);
  options.language = "English";
  EXPECT_EQ(
      transcribe(transcriber, counting(100), options, {}, {}).language,
      "English");
  options.language = "de";
  EXPECT_THROW(
      transcribe(transcriber, counting(100), options, {}, {}),
      UnsupportedError);
  options.language = "en";
  options.task = "translate";
  EXPECT_THROW(
      transcribe(transcriber, counting(100), options, {}, {}),
      UnsupportedError);
}

TEST(Transcribe, RefusesWhatItDoesNotKnow) {
  Script script({decoded({})});
  TranscribeOptions options;
  options.language = "klingon";
  EXPECT_THROW(run(script, 100, options), ArgumentError);
  options.language = "en";
  options.task = "lang_id";
  EXPECT_THROW(run(script, 100, options), ArgumentError);
}

TEST(Transcribe, PassesOptionsOn) {
  Script script({decoded({at(0), kHo, at(50)})});
  TranscribeOptions options;
  options.language = "German";
  options.task = "translate";
  options.sample_len = 7;
  options.suppress_tokens = {1, 2};
  options.suppress_blank = false;
  options.without_timestamps = true;
  options.max_initial_timestamp = 0.5;
  EXPECT_EQ(run(script, 100, options).language, "German");
  const auto& asked = script.asked[0];
  EXPECT_EQ(asked.language, "German");
  EXPECT_EQ(asked.task, "translate");
  EXPECT_EQ(asked.sample_len, 7);
  EXPECT_EQ(asked.suppress_tokens, (std::vector{1, 2}));
  EXPECT_FALSE(asked.suppress_blank);
  EXPECT_TRUE(asked.without_timestamps);
  EXPECT_EQ(asked.max_initial_timestamp, 0.5);
  EXPECT_EQ(asked.temperature, 0);
}

TEST(Transcribe, ReportsSegmentsAndProgress) {
  Script script({
      decoded({at(0), kHi, at(500), at(500)}),
      decoded({kHo}, 0.9, -2),
      decoded({at(0), kHo, at(10)}),
  });
  std::vector<std::vector<Segment>> segments;
  std::vector<double> done;
  TranscribeCallbacks callbacks;
  callbacks.on_segments = [&](const auto& s) { segments.push_back(s); };
  callbacks.on_progress = [&](const auto& p) {
    done.push_back(p.done);
    EXPECT_DOUBLE_EQ(p.total, 45);
  };
  const auto result = run(script, 4500, {}, callbacks);
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[0][0].text, "hi");
  EXPECT_EQ(segments[1][0].text, "ho");
  EXPECT_EQ(segments[1][0].id, 1);
  EXPECT_EQ(done, (std::vector<double>{0, 10, 40, 45}));
}

TEST(Transcribe, NoAudioIsNoText) {
  Script script({decoded({kHi})});
  const auto result = run(script, 0);
  EXPECT_EQ(result.text, "");
  EXPECT_TRUE(result.segments.empty());
  EXPECT_TRUE(result.complete);
  EXPECT_TRUE(script.windows.empty());
}

TEST(Transcribe, AStopBeforeTheFirstWindowThrows) {
  Script script({decoded({kHi})});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(run(script, 100, {}, {}, stop.get_token()), InterruptedError);
  TranscribeOptions detect;
  EXPECT_THROW(
      transcribe(
          script.transcriber(),
          counting(100),
          detect,
          {},
          stop.get_token()),
      InterruptedError);
  EXPECT_TRUE(script.windows.empty());
}

TEST(Transcribe, AStopKeepsWhatIsDone) {
  Script script({decoded({at(0), kHi, at(500), at(500)})});
  std::stop_source stop;
  TranscribeCallbacks callbacks;
  callbacks.on_segments = [&](const auto&) { stop.request_stop(); };
  const auto result = run(script, 9000, {}, callbacks, stop.get_token());
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.text, "hi");
  EXPECT_EQ(script.windows.size(), 1U);
}

TEST(Transcribe, AStopWithinALaterWindowKeepsTheOthers) {
  Script script({decoded({at(0), kHi, at(500), at(500)})});
  script.on_decode = [&] {
    if (script.windows.size() == 2) {
      throw InterruptedError("[test] stopped");
    }
  };
  const auto result = run(script, 9000);
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.segments.size(), 1U);
}

// --- words -----------------------------------------------------------------

/// A word of one token.
WordTiming word(double start, double end, double probability = 0.9) {
  return {
      .word = " w",
      .tokens = {kHi},
      .start = start,
      .end = end,
      .probability = probability};
}

TranscribeOptions with_words() {
  TranscribeOptions options;
  options.temperature = {0.0};
  options.word_timestamps = true;
  return options;
}

TEST(Transcribe, GivesWordsOnlyWhenAsked) {
  Script script({decoded({at(0), kHi, at(50)})});
  EXPECT_FALSE(run(script, 100).segments[0].words);
  EXPECT_TRUE(script.aligned.empty());

  script.alignments = {{word(0.2, 0.5)}};
  const auto result = run(script, 100, with_words());
  ASSERT_TRUE(result.segments[0].words);
  EXPECT_EQ(result.segments[0].words->at(0).start, 0.2);
  EXPECT_EQ(result.segments[0].start, 0.2);
  EXPECT_EQ(script.aligned, (std::vector<std::vector<int>>{{kHi}}));
  EXPECT_EQ(script.aligned_frames, std::vector{100});
}

TEST(Transcribe, TheNextWindowBeginsWhereTheLastWordEnds) {
  Script script({
      decoded({at(0), kHi, at(50), at(50), kHi, at(100), at(100)}),
      decoded({at(0), kHi, at(50)}),
  });
  script.alignments = {{word(0.2, 0.5), word(1, 1.37)}, {word(0.5, 0.7)}};
  auto result = run(script, 3100, with_words());
  ASSERT_EQ(result.segments.size(), 3U);
  EXPECT_EQ(result.segments[2].seek, 137);
  EXPECT_DOUBLE_EQ(result.segments[2].words->at(0).start, 1.87);

  // Not where a single timestamp says that nothing follows.
  Script ending({
      decoded({at(0), kHi, at(50), at(50), kHi, at(100)}),
      decoded({at(0), kHi, at(50)}),
  });
  ending.alignments = {{word(0.2, 0.5), word(1, 1.37)}, {word(0.5, 0.7)}};
  result = run(ending, 3100, with_words());
  EXPECT_EQ(result.segments.back().seek, 3000);

  // Nor where no word ends after the window's beginning.
  Script still({decoded({at(0), kHi, at(50), at(50)})});
  still.alignments = {{word(0, 0)}};
  result = run(still, 150, with_words());
  EXPECT_EQ(result.segments[1].seek, 100);
}

TEST(Transcribe, ClearsTheWordsOfClearedSegments) {
  Script script({decoded({at(0), kHi, at(50)})});
  script.alignments = {{word(0.5, 0.5)}};
  const auto result = run(script, 100, with_words());
  EXPECT_TRUE(result.segments[0].cleared);
  ASSERT_TRUE(result.segments[0].words);
  EXPECT_TRUE(result.segments[0].words->empty());
}

TEST(Transcribe, AWindowThatWouldComeAgainIsDoneWith) {
  Script script({decoded({at(0), kHi, at(0), at(0)})});
  const auto result = run(script, 3100);
  EXPECT_EQ(script.windows.size(), 2U);
  EXPECT_EQ(result.segments.back().seek, 3000);
}

TEST(Transcribe, SkipsSilenceBeforeWhatIsMadeUp) {
  Script script({
      decoded({at(0), kHi, at(800), at(800), kHo, at(810)}),
      decoded({at(0), kHo, at(50)}),
  });
  script.alignments = {
      {word(12, 12, 0.01), word(16, 16.2)},
      {word(0.2, 0.6), word(0.6, 0.9)}};
  auto options = with_words();
  options.hallucination_silence_threshold = 2;
  std::vector<std::vector<Segment>> reported;
  TranscribeCallbacks callbacks;
  callbacks.on_segments = [&](const auto& s) { reported.push_back(s); };
  const auto result = run(script, 3000, options, callbacks);
  // The first window counts for nothing.
  ASSERT_EQ(result.segments.size(), 1U);
  EXPECT_EQ(result.segments[0].seek, 1200);
  EXPECT_EQ(result.segments[0].id, 0);
  EXPECT_EQ(reported.size(), 1U);
  EXPECT_TRUE(script.prompt(1).empty());

  options.hallucination_silence_threshold.reset();
  Script unskipped({decoded({at(0), kHi, at(800), at(800), kHo, at(810)})});
  unskipped.alignments = {{word(12, 12, 0.01), word(16, 16.2)}};
  EXPECT_EQ(run(unskipped, 3000, options).segments[0].seek, 0);
}

// --- clips and prompts -----------------------------------------------------

TEST(Transcribe, WorksOnClips) {
  Script script({decoded({at(0), kHi, at(50)})});
  TranscribeOptions options;
  options.clip_timestamps = {1, 3, 5, 5, 40, 75};
  std::vector<double> done;
  TranscribeCallbacks callbacks;
  callbacks.on_progress = [&](const auto& p) { done.push_back(p.done); };
  const auto result = run(script, 8000, options, callbacks);
  ASSERT_EQ(result.segments.size(), 3U);
  EXPECT_EQ(result.segments[0].seek, 100);
  EXPECT_DOUBLE_EQ(result.segments[0].start, 1);
  EXPECT_EQ(result.segments[1].seek, 4000);
  EXPECT_EQ(result.segments[2].seek, 7000);
  EXPECT_EQ(done, (std::vector<double>{0, 3, 70, 75}));
  // The first clip has 200 frames, and zeros after them.
  const auto frame = [&](int i) {
    return mx::slice(script.embedded[0], {i, 0}, {i + 1, 1}).item<float>();
  };
  EXPECT_EQ(frame(0), 100);
  EXPECT_EQ(frame(199), 299);
  EXPECT_EQ(frame(200), 0);
}

TEST(Transcribe, AClipOfTheFirstWindowIsEncodedByItself) {
  Script script({decoded({at(0), kHi, at(50)})});
  TranscribeOptions options;
  options.clip_timestamps = {0, 10};
  transcribe(script.transcriber(), counting(4000), options, {}, {});
  EXPECT_EQ(script.windows.size(), 1U);
  EXPECT_EQ(script.embedded.size(), 2U);
}

TEST(Transcribe, AStopInASecondClipKeepsTheFirst) {
  Script script({decoded({at(0), kHi, at(50)})});
  TranscribeOptions options;
  options.clip_timestamps = {10, 20, 30, 40, 50};
  script.on_decode = [&] {
    if (script.windows.size() == 2) {
      throw InterruptedError("[test] stopped");
    }
  };
  const auto result = run(script, 9000, options);
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.segments.size(), 1U);
  EXPECT_EQ(script.windows.size(), 2U);

  Script at_once({decoded({at(0), kHi, at(50)})});
  at_once.on_decode = [] { throw InterruptedError("[test] stopped"); };
  EXPECT_THROW(run(at_once, 9000, options), InterruptedError);
}

TEST(Transcribe, RefusesClipsAndThresholdsThatMakeNoSense) {
  Script script({decoded({})});
  for (const auto& times : std::vector<std::vector<double>>{
           {5, 3},
           {0, 2, 1},
           {-1},
           {std::nan("")},
           {0, 200}}) {
    TranscribeOptions options;
    options.clip_timestamps = times;
    EXPECT_THROW(run(script, 1000, options), ArgumentError);
  }
  for (const double threshold : {-0.5, std::nan("")}) {
    auto options = with_words();
    options.hallucination_silence_threshold = threshold;
    EXPECT_THROW(run(script, 1000, options), ArgumentError);
  }
  TranscribeOptions wordless;
  wordless.hallucination_silence_threshold = 2;
  EXPECT_THROW(run(script, 1000, wordless), ArgumentError);
  EXPECT_TRUE(script.windows.empty());
}

TEST(WindowPrompt, IsWhatCameBefore) {
  const std::vector<int> tokens{1, 2, 3, 4, 5};
  EXPECT_EQ(window_prompt(tokens, 2, 0, false, 448), tokens);
  EXPECT_EQ(window_prompt(tokens, 2, 4, false, 448), std::vector{5});
  EXPECT_TRUE(window_prompt({}, 0, 0, false, 448).empty());
}

TEST(WindowPrompt, CarriesTheInitialOne) {
  const std::vector<int> tokens{1, 2, 3, 4, 5, 6};
  // Room for 7 tokens, 2 of them the initial prompt.
  EXPECT_EQ(window_prompt(tokens, 2, 0, true, 16), tokens);
  EXPECT_EQ(window_prompt(tokens, 2, 5, true, 16), (std::vector{1, 2, 6}));
  EXPECT_EQ(window_prompt(tokens, 2, 6, true, 16), (std::vector{1, 2}));
  // Room for 4: the text is cut from the left.
  EXPECT_EQ(window_prompt(tokens, 2, 0, true, 10), (std::vector{1, 2, 5, 6}));
  // Room for the initial prompt only, and for less, as Python slices.
  EXPECT_EQ(window_prompt(tokens, 2, 0, true, 6), tokens);
  EXPECT_EQ(window_prompt(tokens, 2, 0, true, 4), (std::vector{1, 2, 4, 5, 6}));
  EXPECT_EQ(window_prompt(tokens, 4, 0, true, 4), (std::vector{1, 2, 3, 4}));
}

TEST(Transcribe, CarriesTheInitialPromptOn) {
  const std::vector<DecodingResult> results{
      decoded({at(0), kHi, at(1000), at(1000)}),
      decoded({at(0), kHo, at(10)})};
  TranscribeOptions options;
  options.initial_prompt = "hi";
  options.carry_initial_prompt = true;
  options.condition_on_previous_text = false;
  Script script(results);
  run(script, 3000, options);
  const auto initial = shared_tokenizer().encode(" hi");
  EXPECT_EQ(script.prompt(0), initial);
  EXPECT_EQ(script.prompt(1), initial);

  options.condition_on_previous_text = true;
  Script conditioned(results);
  run(conditioned, 3000, options);
  auto expected = initial;
  expected.insert(expected.end(), {at(0), kHi, at(1000)});
  EXPECT_EQ(conditioned.prompt(1), expected);
}

// --- with a model ----------------------------------------------------------

TEST(Transcribe, RunsAModel) {
  const auto audio = toy::noise(16000 * 5, 4);
  TranscribeOptions options;
  options.sample_len = 6;
  const auto result =
      transcribe(shared_model(), mel_frames(audio, 80), options);
  EXPECT_TRUE(result.complete);
  EXPECT_FALSE(result.language.empty());
  EXPECT_TRUE(find_language(result.language));
}

TEST(Transcribe, FindsTheWordsOfAModel) {
  const auto audio = toy::noise(16000 * 5, 4);
  auto options = with_words();
  options.sample_len = 6;
  const auto result =
      transcribe(shared_model(), mel_frames(audio, 80), options);
  ASSERT_FALSE(result.segments.empty());
  EXPECT_TRUE(result.segments[0].words);
}

TEST(Transcribe, AModelWithoutAlignmentHeadsHasNoWords) {
  auto headless = shared_model();
  headless.alignment_heads.clear();
  const auto audio = toy::noise(16000, 4);
  EXPECT_THROW(
      transcribe(headless, mel_frames(audio, 80), with_words()),
      UnsupportedError);
}

TEST(MelFrames, AreThoseOfTheWholeAudio) {
  const auto audio = toy::noise(16000, 4);
  const auto mel = mel_frames(audio, 80);
  EXPECT_EQ(mel.content_frames, 100);
  const auto whole = log_mel_spectrogram(
      mx::array(audio.data(), {16000}, mx::float32),
      80,
      kNSamples);
  const auto part = mel.frames(10, 50);
  EXPECT_TRUE(
      mx::allclose(part, mx::slice(whole, {10, 0}, {60, 80}), 1e-5, 1e-5)
          .item<bool>());
}

TEST(MelFrames, CanBeStopped) {
  std::stop_source stop;
  stop.request_stop();
  const auto audio = toy::noise(16000, 4);
  EXPECT_THROW(mel_frames(audio, 80, stop.get_token()), InterruptedError);
}

} // namespace
} // namespace mlxaudio::whisper
