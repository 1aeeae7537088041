// SPDX-License-Identifier: MIT
#include "models/whisper/decoding.h"

#include <cmath>
#include <deque>
#include <limits>
#include <set>

#include <gtest/gtest.h>
#include <mlx/ops.h>

#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

using toy::shared_model;
using toy::shared_tokenizer;

const Whisper& english_model() {
  static const Whisper m = toy::model(toy::dims(false), toy::encoding(false));
  return m;
}

/// An inference that follows a script: at each step one token of each sequence
/// stands out.
class Scripted final : public Inference {
 public:
  explicit Scripted(std::vector<std::vector<int>> steps)
      : steps_(steps.begin(), steps.end()) {}

  mx::array logits(
      const Sequences& tokens,
      const mx::array&,
      std::span<const int> positions) override {
    seen.push_back(tokens);
    seen_positions.emplace_back(positions.begin(), positions.end());
    const auto n_vocab = static_cast<std::size_t>(shared_model().dims.n_vocab);
    const auto step = steps_.front();
    if (steps_.size() > 1) {
      steps_.pop_front();
    }
    std::vector<float> values(tokens.size() * positions.size() * n_vocab, 0);
    for (std::size_t k = 0; k < tokens.size(); ++k) {
      for (std::size_t p = 0; p < positions.size(); ++p) {
        values
            [(k * positions.size() + p) * n_vocab +
             static_cast<std::size_t>(step[k])] = 30;
      }
    }
    return mx::array(
        values.data(),
        {static_cast<int>(tokens.size()),
         static_cast<int>(positions.size()),
         static_cast<int>(n_vocab)},
        mx::float32);
  }
  void rearrange_kv_cache(std::span<const int>) override {}
  void cleanup_caching() override {
    ++cleaned;
  }

  std::vector<Sequences> seen;
  std::vector<std::vector<int>> seen_positions;
  int cleaned = 0;

 private:
  std::deque<std::vector<int>> steps_;
};

mx::array features(int n_audio = 1) {
  return toy::random_array(
      {n_audio,
       shared_model().dims.n_audio_ctx,
       shared_model().dims.n_audio_state},
      77);
}

std::vector<int> initial_tokens(const DecodingOptions& options) {
  return DecodingTask(shared_model(), options).initial_tokens();
}

// --- options and initial tokens --------------------------------------------

TEST(DecodingTask, BeginsWithLanguageAndTask) {
  const auto t = shared_tokenizer();
  EXPECT_EQ(
      initial_tokens({.language = "de", .temperature = 0}),
      (std::vector{t.sot, t.to_language_token("de"), t.transcribe}));
  EXPECT_EQ(
      initial_tokens({.task = "translate", .language = "French"}),
      (std::vector{t.sot, t.to_language_token("fr"), t.translate}));
  EXPECT_EQ(
      initial_tokens({.language = "en", .without_timestamps = true}),
      (std::vector{t.sot, t.sot + 1, t.transcribe, t.no_timestamps}));
  EXPECT_EQ(
      DecodingTask(english_model(), {}).initial_tokens(),
      std::vector{english_model().get_tokenizer("en", {}).sot});
}

TEST(DecodingTask, PutsThePromptBeforeTheStart) {
  const auto t = shared_tokenizer();
  const DecodingTask task(
      shared_model(),
      {.language = "en", .prompt = std::vector{7, 8}});
  EXPECT_EQ(
      task.initial_tokens(),
      (std::vector{t.sot_prev, 7, 8, t.sot, t.sot + 1, t.transcribe}));
  EXPECT_EQ(task.sot_index(), 3);
  EXPECT_EQ(task.sample_begin(), 6);
}

TEST(DecodingTask, StripsATextPromptAndPutsASpaceBeforeIt) {
  const auto t = shared_tokenizer();
  // U+3000 is a space to Python.
  const auto tokens =
      initial_tokens({.language = "en", .prompt = "  hi\xE3\x80\x80\n"});
  const auto expected = t.encode(" hi");
  EXPECT_EQ(std::vector(tokens.begin() + 1, tokens.end() - 3), expected);
}

TEST(DecodingTask, KeepsTheEndOfALongPrompt) {
  std::vector<int> prompt(300);
  for (int i = 0; i < 300; ++i) {
    prompt[static_cast<std::size_t>(i)] = i;
  }
  const auto tokens = initial_tokens({.language = "en", .prompt = prompt});
  EXPECT_EQ(tokens.size(), 1U + 223U + 3U);
  EXPECT_EQ(tokens[1], 300 - 223);
  EXPECT_EQ(tokens[223], 299);
}

TEST(DecodingTask, AnEmptyPromptIsNone) {
  EXPECT_EQ(initial_tokens({.language = "en", .prompt = ""}).size(), 3U);
  EXPECT_EQ(
      initial_tokens({.language = "en", .prompt = std::vector<int>{}}).size(),
      3U);
}

TEST(DecodingTask, CutsThePrefixToTheRoomThatSamplesLeave) {
  std::vector<int> prefix(100);
  for (int i = 0; i < 100; ++i) {
    prefix[static_cast<std::size_t>(i)] = i;
  }
  const auto with = [&](std::optional<int> sample_len) {
    auto tokens = initial_tokens(
        {.language = "en", .sample_len = sample_len, .prefix = prefix});
    tokens.erase(tokens.begin(), tokens.begin() + 3);
    return tokens;
  };
  // 224 - 200 tokens are left.
  EXPECT_EQ(with(200).size(), 24U);
  EXPECT_EQ(with(200).front(), 76);
  // No room: Python's [-0:] takes all of it.
  EXPECT_EQ(with(std::nullopt), prefix);
  EXPECT_EQ(with(224), prefix);
  // Less than none: [10:].
  EXPECT_EQ(with(234), std::vector(prefix.begin() + 10, prefix.end()));
}

TEST(DecodingTask, RefusesMoreThanTheContextHolds) {
  EXPECT_THROW(
      initial_tokens({.language = "en", .prefix = std::vector<int>(500, 5)}),
      ArgumentError);
}

TEST(DecodingTask, RefusesOptionsThatDoNotFit) {
  const auto refuse = [](const DecodingOptions& options) {
    EXPECT_THROW(DecodingTask(shared_model(), options), ArgumentError);
  };
  refuse({.task = "summarize", .language = "en"});
  refuse({.language = "xx"});
  refuse({.language = "en", .best_of = 2, .beam_size = 2});
  refuse({.language = "en", .best_of = 2});
  refuse({.language = "en", .temperature = 1, .best_of = 0});
  refuse({.language = "en", .beam_size = 0});
  refuse({.language = "en", .beam_size = 5, .patience = 0.0});
  refuse({.language = "en", .temperature = -1});
  refuse({.language = "en", .repetition_penalty = 0.0});
  refuse({.language = "en", .patience = 1.0});
  refuse({.language = "en", .length_penalty = 1.5});
  refuse({.language = "en", .length_penalty = -0.1});
  refuse({.language = "en", .sample_len = -1});
  refuse({.language = "en", .suppress_tokens = {-2}});
  refuse({.language = "en", .suppress_tokens = {60000}});
  refuse({.language = "en", .prompt = std::vector{60000}});
  refuse({.language = "en", .max_initial_timestamp = -1.0});
  refuse(
      {.language = "en",
       .max_initial_timestamp = std::numeric_limits<double>::quiet_NaN()});
}

TEST(DecodingTask, HasTheFiltersThatOptionsAskFor) {
  const auto n = [](const DecodingOptions& options) {
    return DecodingTask(shared_model(), options).n_filters();
  };
  EXPECT_EQ(n({.language = "en"}), 3U);
  EXPECT_EQ(n({.language = "en", .suppress_tokens = {}}), 2U);
  EXPECT_EQ(n({.language = "en", .suppress_blank = false}), 2U);
  EXPECT_EQ(n({.language = "en", .repetition_penalty = 1.2}), 4U);
  EXPECT_EQ(n({.language = "en", .without_timestamps = true}), 2U);
}

// --- the loop --------------------------------------------------------------

struct Run {
  DecodingResult result;
  std::vector<Sequences> seen;
  std::vector<std::vector<int>> seen_positions;
};

Run run(const DecodingOptions& options, std::vector<std::vector<int>> steps) {
  auto inference = std::make_unique<Scripted>(std::move(steps));
  const auto* script = inference.get();
  DecodingTask task(shared_model(), options, {}, std::move(inference));
  auto results = task.run(features());
  EXPECT_EQ(results.size(), 1U);
  EXPECT_EQ(script->cleaned, 1);
  return {results.front(), script->seen, script->seen_positions};
}

TEST(DecodingTask, SamplesUntilTheEnd) {
  const auto t = shared_tokenizer();
  const int begin = t.timestamp_begin;
  const int hi = toy::pair('h', 'i');
  const auto [result, seen, positions] =
      run({.language = "en"}, {{begin}, {hi}, {hi}, {begin + 50}, {t.eot}});
  EXPECT_EQ(result.tokens, (std::vector{begin, hi, hi, begin + 50}));
  EXPECT_EQ(result.text, "hihi");
  EXPECT_EQ(result.language, "en");
  EXPECT_EQ(result.temperature, 0);
  EXPECT_FALSE(result.language_probs);
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[4][0].size(), 7U);
  EXPECT_EQ(positions[0], (std::vector{0, 2}));
  EXPECT_EQ(positions[1], std::vector{0});
}

TEST(DecodingTask, MeanLogProbabilityCountsTheEnd) {
  const auto t = shared_tokenizer();
  const int hi = toy::pair('h', 'i');
  const auto result = run({.language = "en",
                           .suppress_tokens = {},
                           .suppress_blank = false,
                           .without_timestamps = true},
                          {{hi}, {t.eot}})
                          .result;
  // Each step: one token at 30, all others at 0.
  const double each =
      -std::log1p((shared_model().dims.n_vocab - 1) * std::exp(-30.0));
  EXPECT_EQ(result.tokens, std::vector{hi});
  EXPECT_NEAR(result.avg_logprob, 2 * each / 2, 1e-7);
  EXPECT_NEAR(result.no_speech_prob, std::exp(-30.0), std::exp(-30.0) * 1e-4);
}

TEST(DecodingTask, NothingSampledIsEmptyText) {
  const auto t = shared_tokenizer();
  const auto result = run(
      {.language = "en", .suppress_blank = false, .without_timestamps = true},
      {{t.eot}});
  EXPECT_TRUE(result.result.tokens.empty());
  EXPECT_EQ(result.result.text, "");
  // An empty text compresses to 8 bytes.
  EXPECT_EQ(result.result.compression_ratio, 0);
}

TEST(DecodingTask, StopsAtSampleLen) {
  const int hi = toy::pair('h', 'i');
  const auto result =
      run({.language = "en", .sample_len = 4, .without_timestamps = true},
          {{hi}});
  EXPECT_EQ(result.result.tokens.size(), 4U);
}

TEST(DecodingTask, StopsWhenTheContextIsFull) {
  const int hi = toy::pair('h', 'i');
  const auto result =
      run({.language = "en",
           .sample_len = 447,
           .prompt = std::vector<int>(223, 65),
           .without_timestamps = true},
          {{hi}});
  EXPECT_EQ(result.seen.back()[0].size(), 448U);
  EXPECT_EQ(result.result.tokens.size(), 449U - 228U);
}

TEST(DecodingTask, ThrowsWhenStopped) {
  std::stop_source stop;
  DecodingTask task(
      shared_model(),
      {.language = "en"},
      stop.get_token(),
      std::make_unique<Scripted>(std::vector<std::vector<int>>{{65}}));
  stop.request_stop();
  EXPECT_THROW(task.run(features()), InterruptedError);
}

TEST(DecodingTask, DecodesABatch) {
  const auto t = shared_tokenizer();
  const int hi = toy::pair('h', 'i');
  const int ho = toy::pair('h', 'o');
  DecodingTask task(
      shared_model(),
      {.language = "en", .without_timestamps = true},
      {},
      std::make_unique<Scripted>(
          std::vector<std::vector<int>>{{hi, ho}, {t.eot, ho}, {hi, t.eot}}));
  const auto results = task.run(features(2));
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].text, "hi");
  EXPECT_EQ(results[1].text, "hoho");
}

// --- with the model --------------------------------------------------------

TEST(DetectLanguage, GivesProbabilitiesOfAllLanguages) {
  const auto detected =
      detect_language(shared_model(), features(2), shared_tokenizer());
  ASSERT_EQ(detected.language_probs.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& probs = detected.language_probs[i];
    ASSERT_EQ(probs.size(), 99U);
    double sum = 0;
    for (const auto& [language, p] : probs) {
      sum += p;
    }
    EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_EQ(
        detected.language_tokens[i],
        shared_tokenizer().to_language_token(most_probable(probs)));
  }
}

TEST(DetectLanguage, NeedsAMultilingualModel) {
  EXPECT_THROW(
      detect_language(
          english_model(),
          features(),
          english_model().get_tokenizer({}, {})),
      UnsupportedError);
}

TEST(Decode, DetectsTheLanguageAndSaysSo) {
  const auto result =
      decode(shared_model(), mx::take(features(), 0, 0), {.sample_len = 2})
          .front();
  EXPECT_FALSE(result.language_probs) << "only of the task lang_id";
  const auto detected = detect_language(
      shared_model(),
      features(),
      shared_model().get_tokenizer({}, {}));
  EXPECT_EQ(result.language, most_probable(detected.language_probs[0]));
  EXPECT_EQ(
      result.audio_features.shape(),
      (mx::Shape{
          shared_model().dims.n_audio_ctx,
          shared_model().dims.n_audio_state}));

  const auto only =
      decode(shared_model(), features(), {.task = "lang_id"}).front();
  EXPECT_EQ(only.language, result.language);
  EXPECT_TRUE(only.tokens.empty());
}

TEST(Decode, GoesFromASpectrogramToText) {
  const auto mel = toy::random_array({3000, 80}, 5);
  const auto result =
      decode(shared_model(), mel, {.language = "en", .sample_len = 5}).front();
  const auto t = shared_tokenizer();
  ASSERT_FALSE(result.tokens.empty());
  EXPECT_GE(result.tokens[0], t.timestamp_begin);
  EXPECT_LE(result.tokens[0], t.timestamp_begin + 50);
  EXPECT_LT(result.avg_logprob, 0);
  EXPECT_GT(result.no_speech_prob, 0);
}

TEST(Decode, RefusesFeaturesOfAnotherCheckpoint) {
  EXPECT_THROW(
      decode(
          shared_model(),
          toy::random_array({3000, 128}, 5),
          {.language = "en"}),
      ArgumentError);
  EXPECT_THROW(
      decode(
          shared_model(),
          toy::random_array({2000, 80}, 5),
          {.language = "en"}),
      ArgumentError);
}

DecodingResult decode_one(const mx::array& xa, DecodingOptions options) {
  options.language = "en";
  options.sample_len = options.sample_len.value_or(12);
  return decode(shared_model(), xa, options).front();
}

TEST(Decode, ABeamOfOneIsGreedy) {
  const auto greedy = decode_one(features(), {});
  const auto beam = decode_one(features(), {.beam_size = 1});
  EXPECT_EQ(beam.tokens, greedy.tokens);
  EXPECT_NEAR(beam.avg_logprob, greedy.avg_logprob, 1e-6);
}

TEST(Decode, BeamsFindWhatIsAtLeastAsLikely) {
  // By the sum of log probabilities, so that lengths do not matter.
  const auto greedy = decode_one(features(), {});
  const auto beam =
      decode_one(features(), {.beam_size = 5, .length_penalty = 0.0});
  const auto sum = [](const DecodingResult& r) {
    return r.avg_logprob * (static_cast<double>(r.tokens.size()) + 1);
  };
  EXPECT_GE(sum(beam), sum(greedy) - 1e-5);
  EXPECT_NE(beam.tokens, greedy.tokens);
}

TEST(Decode, AudiosOfABatchHaveTheirOwnGroups) {
  const auto xa = features(2);
  const auto expect_apart = [&](const DecodingOptions& given) {
    DecodingOptions options = given;
    options.language = "en";
    options.sample_len = 12;
    const auto together = decode(shared_model(), xa, options);
    ASSERT_EQ(together.size(), 2U);
    for (int i = 0; i < 2; ++i) {
      const auto alone = decode(
          shared_model(),
          mx::slice(xa, {i, 0, 0}, {i + 1, 1500, 8}),
          options);
      const auto& one = together[static_cast<std::size_t>(i)];
      EXPECT_EQ(one.tokens, alone[0].tokens);
      EXPECT_NEAR(one.avg_logprob, alone[0].avg_logprob, 1e-5);
      EXPECT_NEAR(one.no_speech_prob, alone[0].no_speech_prob, 1e-6);
    }
    EXPECT_NE(together[0].tokens, together[1].tokens);
  };
  expect_apart({.beam_size = 3});
  expect_apart({.beam_size = 10, .patience = 0.5});
}

TEST(Decode, TheSameSeedTheSameText) {
  const auto drawn = [](Draws draws, std::optional<int> best_of = {}) {
    return decode_one(
        features(),
        {.temperature = 1.0, .draws = draws, .best_of = best_of});
  };
  const auto first = drawn({.seed = 3});
  EXPECT_EQ(first.temperature, 1.0);
  EXPECT_EQ(drawn({.seed = 3}).tokens, first.tokens);
  EXPECT_NE(drawn({.seed = 4}).tokens, first.tokens);
  EXPECT_NE(drawn({.seed = 3, .window = 1}).tokens, first.tokens);
  EXPECT_NE(drawn({.seed = 3, .attempt = 1}).tokens, first.tokens);
  // The first of five draws the same, so the best is at least as good.
  EXPECT_GE(drawn({.seed = 3}, 5).avg_logprob, first.avg_logprob - 1e-5);
}

TEST(Decode, ARepetitionPenaltyKeepsTokensFromComingAgain) {
  DecodingOptions options{
      .repetition_penalty = 1000,
      .without_timestamps = true};
  const auto tokens = decode_one(features(), options).tokens;
  EXPECT_EQ(std::set<int>(tokens.begin(), tokens.end()).size(), tokens.size());
}

TEST(Decode, AnEndInAPrefixLeavesNothing) {
  // What comes after the first end token is no text; the reference cuts so too.
  const auto t = shared_tokenizer();
  for (const std::optional<int> beam_size :
       {std::optional<int>(), std::optional<int>(3)}) {
    const auto result = decode_one(
        features(),
        {.beam_size = beam_size, .prefix = std::vector{t.eot}});
    EXPECT_TRUE(result.tokens.empty());
    EXPECT_EQ(result.text, "");
  }
}

TEST(Decode, APrefixOfSpecialTokens) {
  const auto t = shared_tokenizer();
  const auto result = decode_one(
      features(),
      {.sample_len = 5,
       .prefix = std::vector{t.timestamp_begin, t.sot_lm, t.no_speech}});
  EXPECT_EQ(result.tokens.size(), 5U);
  // As text they are refused: a prompt must not forge them.
  EXPECT_THROW(
      decode_one(features(), {.prefix = "<|startoftranscript|>"}),
      TokenError);
}

} // namespace
} // namespace mlxaudio::whisper
