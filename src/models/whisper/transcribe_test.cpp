// SPDX-License-Identifier: MIT
#include "models/whisper/transcribe.h"

#include <deque>

#include <gtest/gtest.h>
#include <mlx/ops.h>

#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

const Whisper& model() {
  static const Whisper m = toy::model(toy::dims(), toy::encoding());
  return m;
}

Tokenizer tokenizer() {
  return model().get_tokenizer("en", "transcribe");
}

const int kHi = toy::pair('h', 'i');
const int kHo = toy::pair('h', 'o');
const int kSpace = ' ';

int at(int position) {
  return tokenizer().timestamp_begin + position;
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
              return model().get_tokenizer(language, task);
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
  return split_window(decoded(tokens), tokenizer(), seek, segment_size, 2);
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
  const auto t = tokenizer();
  const auto [segments, seek, single] = split({at(0), kHi, t.sot_lm, at(10)});
  EXPECT_EQ(segments[0].text, "hi");
  EXPECT_EQ(segments[0].tokens.size(), 4U);
}

// --- fallback --------------------------------------------------------------

TEST(DecodeWithFallback, TakesTheFirstResultThatWillDo) {
  const auto with = [](std::vector<DecodingResult> results,
                       FallbackOptions fallback = {}) {
    Script script(std::move(results));
    fallback.temperatures = {0, 0.2, 0.4};
    DecodingOptions options;
    options.beam_size = 5;
    options.patience = 2.0;
    options.best_of = 3;
    const auto result = decode_with_fallback(
        script.transcriber(),
        mx::array(0.0F),
        options,
        fallback);
    for (const auto& asked : script.asked) {
      EXPECT_EQ(asked.beam_size.has_value(), asked.temperature == 0);
      EXPECT_EQ(asked.patience.has_value(), asked.temperature == 0);
      EXPECT_EQ(asked.best_of.has_value(), asked.temperature > 0);
    }
    return result.temperature;
  };
  auto good = decoded({kHi});
  auto repetitive = good;
  repetitive.compression_ratio = 2.5;
  const auto improbable = decoded({kHi}, 0.1, -1.1);
  const auto silence = decoded({kHi}, 0.7, -1.1);
  auto repetitive_silence = silence;
  repetitive_silence.compression_ratio = 2.5;

  EXPECT_EQ(with({good}), 0);
  EXPECT_EQ(with({repetitive, good}), 0.2);
  EXPECT_EQ(with({improbable, repetitive, good}), 0.4);
  EXPECT_EQ(with({improbable}), 0.4);
  EXPECT_EQ(with({silence}), 0);
  EXPECT_EQ(with({repetitive_silence}), 0);
  EXPECT_EQ(
      with({repetitive}, {.compression_ratio_threshold = std::nullopt}),
      0);
  EXPECT_EQ(with({improbable}, {.logprob_threshold = std::nullopt}), 0);
  EXPECT_EQ(with({silence}, {.no_speech_threshold = std::nullopt}), 0.4);
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
  EXPECT_EQ(script.windows[1].shape(), (mx::Shape{3000, 80}));
  const auto frame = [&](int i) {
    return mx::slice(script.windows[1], {i, 0}, {i + 1, 1}).item<float>();
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
  EXPECT_EQ(unconditioned.prompt(0), tokenizer().encode(" hi"));
  EXPECT_TRUE(unconditioned.prompt(1).empty());
  EXPECT_TRUE(unconditioned.prompt(2).empty());
}

TEST(Transcribe, AnInitialPromptIsNoText) {
  Script script({decoded({at(0), kHo, at(50)})});
  TranscribeOptions options;
  options.initial_prompt = "  hi ";
  const auto result = run(script, 1000, options);
  EXPECT_EQ(script.prompt(0), tokenizer().encode(" hi"));
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
  // that is decoded ends with the audio. Only the latter is a spectrogram.
  ASSERT_EQ(script.embedded.size(), 1U);
  EXPECT_EQ(
      mx::slice(script.embedded[0], {2999, 0}, {3000, 1}).item<float>(),
      2999);
  EXPECT_EQ(script.windows[0].shape(), (mx::Shape{3000, 80}));
}

TEST(Transcribe, EncodesAFullFirstWindowOnce) {
  Script script({decoded({at(0), kHo, at(50)})});
  transcribe(script.transcriber(), counting(4000), {}, {}, {});
  ASSERT_EQ(script.windows.size(), 2U);
  EXPECT_EQ(script.windows[0].shape(), (mx::Shape{1, 1500, 8}));
  EXPECT_EQ(script.windows[1].shape(), (mx::Shape{3000, 80}));
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

// --- with a model ----------------------------------------------------------

TEST(Transcribe, RunsAModel) {
  const auto audio = toy::noise(16000 * 5, 4);
  TranscribeOptions options;
  options.sample_len = 6;
  const auto result = transcribe(model(), mel_frames(audio, 80), options);
  EXPECT_TRUE(result.complete);
  EXPECT_FALSE(result.language.empty());
  EXPECT_TRUE(find_language(result.language));
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
