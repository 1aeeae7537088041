// SPDX-License-Identifier: MIT
#include "models/whisper/fallback.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <mlx/ops.h>

#include "models/whisper/toy_model.h"
#include "models/whisper/transcribe.h"

namespace mlxaudio::whisper {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

DecodingResult decoded(
    double compression_ratio, double avg_logprob, double no_speech_prob) {
  return {
      .audio_features = mx::array(0.0F),
      .language = "en",
      .tokens = {toy::pair('h', 'i')},
      .avg_logprob = avg_logprob,
      .no_speech_prob = no_speech_prob,
      .compression_ratio = compression_ratio};
}

/// Gives one result after another, the last again and again, and notes what it
/// was asked.
struct Script {
  std::vector<DecodingResult> results;
  std::vector<DecodingOptions> asked = {};

  Decode decode() {
    return [this](const mx::array&, const DecodingOptions& options) {
      auto result = results[std::min(asked.size(), results.size() - 1)];
      asked.push_back(options);
      result.temperature = options.temperature;
      return result;
    };
  }
};

const auto kGood = decoded(1.5, -0.2, 0.1);
const auto kRepetitive = decoded(2.5, -0.2, 0.1);
const auto kImprobable = decoded(1.5, -1.1, 0.1);
const auto kSilence = decoded(1.5, -1.1, 0.7);
const auto kRepetitiveSilence = decoded(2.5, -1.1, 0.7);

/// The temperature whose result is taken.
double taken(
    std::vector<DecodingResult> results, FallbackOptions fallback = {}) {
  Script script{std::move(results)};
  fallback.temperatures = {0, 0.2, 0.4};
  return decode_with_fallback(script.decode(), mx::array(0.0F), {}, fallback)
      .temperature;
}

TEST(DecodeWithFallback, TakesTheFirstResultThatWillDo) {
  EXPECT_EQ(taken({kGood}), 0);
  EXPECT_EQ(taken({kRepetitive, kGood}), 0.2);
  EXPECT_EQ(taken({kImprobable, kRepetitive, kGood}), 0.4);
  EXPECT_EQ(taken({kImprobable}), 0.4);
  EXPECT_EQ(taken({kSilence}), 0);
  EXPECT_EQ(taken({kRepetitiveSilence}), 0);
}

TEST(DecodeWithFallback, AThresholdThatIsNotGivenRefusesNothing) {
  const std::optional<double> none;
  EXPECT_EQ(taken({kRepetitive}, {.compression_ratio_threshold = none}), 0);
  EXPECT_EQ(taken({kImprobable}, {.logprob_threshold = none}), 0);
  EXPECT_EQ(taken({kSilence}, {.no_speech_threshold = none}), 0.4);
  // Without a bound for probable text there is no silence.
  EXPECT_EQ(taken({kRepetitiveSilence}, {.logprob_threshold = none}), 0.4);
}

TEST(DecodeWithFallback, AValueAtItsThresholdWillDo) {
  EXPECT_EQ(taken({decoded(2.4, -1.0, 0)}), 0);
  EXPECT_EQ(taken({decoded(1, -1.1, 0.6)}), 0.4);
}

TEST(DecodeWithFallback, HasTheOptionsOfEachTemperature) {
  Script script{{kImprobable}};
  DecodingOptions options;
  options.beam_size = 5;
  options.patience = 2.0;
  options.best_of = 3;
  options.draws = {.seed = 9, .window = 4};
  decode_with_fallback(
      script.decode(),
      mx::array(0.0F),
      options,
      {.temperatures = {0.2, 0, 0.6}});
  ASSERT_EQ(script.asked.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto& asked = script.asked[i];
    EXPECT_EQ(asked.temperature, (std::vector{0.2, 0.0, 0.6})[i]);
    EXPECT_EQ(asked.beam_size.has_value(), i == 1);
    EXPECT_EQ(asked.patience.has_value(), i == 1);
    EXPECT_EQ(asked.best_of.has_value(), i != 1);
    EXPECT_EQ(asked.draws.seed, 9U);
    EXPECT_EQ(asked.draws.window, 4U);
    EXPECT_EQ(asked.draws.attempt, i);
  }
}

TEST(DecodeWithFallback, NeedsATemperature) {
  Script script{{kGood}};
  EXPECT_THROW(
      decode_with_fallback(
          script.decode(),
          mx::array(0.0F),
          {},
          {.temperatures = {}}),
      ArgumentError);
}

// --- as options of a transcription -----------------------------------------

/// What each decoding of a transcription is asked for.
std::vector<DecodingOptions> asked_by(const TranscribeOptions& options) {
  const auto vocabulary = toy::encoding();
  Script script{{kRepetitive, kGood, kRepetitive, kRepetitive, kGood}};
  const Transcriber transcriber{
      .dims = toy::dims(),
      .get_tokenizer =
          [&](const std::string& language, const std::string& task) {
            return get_tokenizer(vocabulary, true, 99, language, task);
          },
      .embed_audio = [](const mx::array& mel) { return mel; },
      .detect_language = {},
      .decode = script.decode()};
  const MelFrames mel{6000, [](int, int n) { return mx::zeros({n, 80}); }};
  transcribe(transcriber, mel, options, {}, {});
  return script.asked;
}

TEST(Transcribe, PassesTheDecodersOptionsOn) {
  TranscribeOptions options;
  options.language = "en";
  options.best_of = 3;
  options.beam_size = 4;
  options.patience = 1.5;
  options.length_penalty = 0.5;
  options.prefix = "hi";
  options.seed = 77;
  const auto asked = asked_by(options);
  ASSERT_EQ(asked.size(), 5U);
  const std::vector<double> temperatures{0, 0.2, 0, 0.2, 0.4};
  for (std::size_t i = 0; i < 5; ++i) {
    const bool searched = temperatures[i] == 0;
    EXPECT_EQ(asked[i].temperature, temperatures[i]);
    EXPECT_EQ(asked[i].beam_size, searched ? std::optional(4) : std::nullopt);
    EXPECT_EQ(asked[i].patience, searched ? std::optional(1.5) : std::nullopt);
    EXPECT_EQ(asked[i].best_of, searched ? std::nullopt : std::optional(3));
    EXPECT_EQ(asked[i].length_penalty, 0.5);
    EXPECT_EQ(std::get<std::string>(asked[i].prefix), "hi");
    // The draws' place: the window, and the temperature's in the list.
    EXPECT_EQ(asked[i].draws.seed, 77U);
    EXPECT_EQ(asked[i].draws.window, i < 2 ? 0U : 1U);
    EXPECT_EQ(asked[i].draws.attempt, i < 2 ? i : i - 2);
  }
}

TEST(Transcribe, PassesTheFallbacksThresholdsOn) {
  TranscribeOptions options;
  options.language = "en";
  options.compression_ratio_threshold = 2.6;
  EXPECT_EQ(asked_by(options).size(), 2U);
  options.compression_ratio_threshold = 1.2;
  options.temperature = {0, 0.5};
  EXPECT_EQ(asked_by(options).size(), 4U);
}

TEST(CheckOptions, RefusesDecodingThatDoesNotFit) {
  const auto check = [](auto change) {
    TranscribeOptions options;
    change(options);
    check_options(toy::dims(), options);
  };
  const auto refused = [&](auto change) {
    EXPECT_THROW(check(change), ArgumentError);
  };
  refused([](auto& o) { o.temperature = {}; });
  refused([](auto& o) { o.temperature = {0, -0.2}; });
  refused([](auto& o) { o.temperature = {0, kNan}; });
  refused([](auto& o) { o.temperature = {kInfinity}; });
  refused([](auto& o) { o.temperature = {1e-30}; });
  refused([](auto& o) { o.beam_size = 0; });
  refused([](auto& o) { o.beam_size = -5; });
  refused([](auto& o) { o.best_of = 0; });
  refused([](auto& o) { o.patience = 2; });
  refused([](auto& o) { o.length_penalty = 1.01; });
  refused([](auto& o) { o.length_penalty = kNan; });
  for (const double patience : {0.0, -1.0, kNan, kInfinity, 0.05}) {
    refused([=](auto& o) {
      o.beam_size = 5;
      o.patience = patience;
    });
  }
  refused([](auto& o) { o.compression_ratio_threshold = kNan; });
  refused([](auto& o) { o.logprob_threshold = kNan; });
  refused([](auto& o) { o.no_speech_threshold = kNan; });

  // What one temperature has no use for does no harm beside the others.
  EXPECT_NO_THROW(check([](auto& o) {
    o.beam_size = 5;
    o.best_of = 5;
    o.patience = 0.5;
    o.length_penalty = 1;
    o.logprob_threshold = -kInfinity;
  }));
  EXPECT_NO_THROW(check([](auto& o) {
    o.temperature = {0.4};
    o.patience = 1;
  }));
}

} // namespace
} // namespace mlxaudio::whisper
