// SPDX-License-Identifier: MIT
#include "models/whisper/decoding.h"

#include <cmath>
#include <deque>
#include <limits>

#include <gtest/gtest.h>
#include <mlx/ops.h>

#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

const Whisper& model() {
  static const Whisper m = toy::model(toy::dims(), toy::encoding());
  return m;
}

const Whisper& english_model() {
  static const Whisper m = toy::model(toy::dims(false), toy::encoding(false));
  return m;
}

Tokenizer tokenizer() {
  return model().get_tokenizer("en", "transcribe");
}

StepLogits level(int n_batch = 1, float value = 0) {
  const int n_vocab = model().dims.n_vocab;
  return {
      n_vocab,
      std::vector<float>(static_cast<std::size_t>(n_batch * n_vocab), value)};
}

/// Whether none of the tokens [begin, end) can be sampled.
bool all_never(std::span<const float> row, int begin, int end) {
  for (int i = begin; i < end; ++i) {
    if (row[static_cast<std::size_t>(i)] != kNever) {
      return false;
    }
  }
  return true;
}

bool none_never(std::span<const float> row, int begin, int end) {
  for (int i = begin; i < end; ++i) {
    if (row[static_cast<std::size_t>(i)] == kNever) {
      return false;
    }
  }
  return true;
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
    const auto n_vocab = static_cast<std::size_t>(model().dims.n_vocab);
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
      {n_audio, model().dims.n_audio_ctx, model().dims.n_audio_state},
      77);
}

std::vector<int> initial_tokens(const DecodingOptions& options) {
  return DecodingTask(model(), options).initial_tokens();
}

// --- logit filters ---------------------------------------------------------

TEST(SuppressBlank, TakesSpaceAndEndFromTheFirstTokenOnly) {
  const auto t = tokenizer();
  const SuppressBlank filter(t, 3);
  auto logits = level();
  filter.apply(logits, {{1, 2, 3}});
  EXPECT_EQ(logits.row(0)[static_cast<std::size_t>(' ')], kNever);
  EXPECT_EQ(logits.row(0)[static_cast<std::size_t>(t.eot)], kNever);
  EXPECT_EQ(std::count(logits.values.begin(), logits.values.end(), kNever), 2);

  logits = level();
  filter.apply(logits, {{1, 2, 3, 4}});
  EXPECT_EQ(std::count(logits.values.begin(), logits.values.end(), kNever), 0);
}

TEST(SuppressTokens, TakesItsTokensFromEachSequence) {
  auto logits = level(2);
  SuppressTokens({5, 9}).apply(logits, {{1}, {1}});
  for (int k = 0; k < 2; ++k) {
    EXPECT_EQ(logits.row(k)[5], kNever);
    EXPECT_EQ(logits.row(k)[9], kNever);
    EXPECT_EQ(logits.row(k)[6], 0);
  }
}

class TimestampRules : public testing::Test {
 protected:
  /// Logits after the rules, for what has been sampled so far. Text and the end
  /// are made probable, so that the last rule (all timestamps together) stays
  /// silent.
  StepLogits after(
      const std::vector<int>& sampled, std::optional<int> max_initial = 50) {
    Sequences tokens{{t.sot, t.sot + 1, t.transcribe}};
    tokens[0].insert(tokens[0].end(), sampled.begin(), sampled.end());
    auto logits = level();
    logits.row(0)[100] = 20;
    logits.row(0)[static_cast<std::size_t>(t.eot)] = 20;
    ApplyTimestampRules(t, 3, max_initial).apply(logits, tokens);
    return logits;
  }
  int at(int position) const {
    return t.timestamp_begin + position;
  }

  const Tokenizer t = tokenizer();
  const int n_vocab = model().dims.n_vocab;
};

TEST_F(TimestampRules, BeginWithATimestampWithinTheLimit) {
  const auto logits = after({});
  EXPECT_TRUE(all_never(logits.row(0), 0, t.timestamp_begin));
  EXPECT_TRUE(none_never(logits.row(0), at(0), at(51)));
  EXPECT_TRUE(all_never(logits.row(0), at(51), n_vocab));
}

TEST_F(TimestampRules, BeginAnywhereWithoutLimit) {
  const auto logits = after({}, std::nullopt);
  EXPECT_TRUE(none_never(logits.row(0), at(0), n_vocab));
}

TEST_F(TimestampRules, TextFollowsTheFirstTimestamp) {
  const auto logits = after({at(10)});
  EXPECT_TRUE(all_never(logits.row(0), at(0), n_vocab));
  EXPECT_EQ(logits.row(0)[static_cast<std::size_t>(t.no_timestamps)], kNever);
  EXPECT_TRUE(none_never(logits.row(0), 0, t.eot + 1));
}

TEST_F(TimestampRules, TextGoesOnOrEndsLaterThanItBegan) {
  const auto logits = after({at(10), 65});
  EXPECT_TRUE(none_never(logits.row(0), 0, t.eot + 1));
  // A segment must have a length.
  EXPECT_TRUE(all_never(logits.row(0), at(0), at(11)));
  EXPECT_TRUE(none_never(logits.row(0), at(11), n_vocab));
}

TEST_F(TimestampRules, AnEndIsFollowedByABeginningOrByTheEnd) {
  const auto logits = after({at(10), 65, at(20)});
  EXPECT_TRUE(all_never(logits.row(0), 0, t.eot));
  EXPECT_TRUE(none_never(logits.row(0), t.eot, t.eot + 1));
  // The next segment may begin where this one ended, not before.
  EXPECT_TRUE(all_never(logits.row(0), at(0), at(20)));
  EXPECT_TRUE(none_never(logits.row(0), at(20), n_vocab));
}

TEST_F(TimestampRules, TextFollowsAPair) {
  const auto logits = after({at(10), 65, at(20), at(20)});
  EXPECT_TRUE(none_never(logits.row(0), 0, t.eot + 1));
  EXPECT_TRUE(all_never(logits.row(0), at(0), n_vocab));
}

TEST_F(TimestampRules, NeverGoBackAfterAPair) {
  const auto logits = after({at(10), 65, at(20), at(30), 66});
  EXPECT_TRUE(all_never(logits.row(0), at(0), at(31)));
  EXPECT_TRUE(none_never(logits.row(0), at(31), n_vocab));
}

TEST_F(TimestampRules, TextOfTheFirstTokenIsNoTimestamp) {
  // Without timestamps before it there is nothing to be later than.
  const auto logits = after({65});
  EXPECT_TRUE(none_never(logits.row(0), at(0), n_vocab));
}

TEST_F(TimestampRules, AllTimestampsTogetherAgainstTheBestText) {
  const auto apply = [&](float text) {
    auto logits = level(1, -50);
    for (int i = at(0); i < n_vocab; ++i) {
      logits.row(0)[static_cast<std::size_t>(i)] = 1;
    }
    logits.row(0)[65] = text;
    ApplyTimestampRules(t, 3, 50).apply(
        logits,
        {{t.sot, t.sot + 1, t.transcribe, at(0), 65, 66}});
    return logits.row(0)[65] == kNever;
  };
  // 1500 timestamps at logit 1 (the first may not come again) weigh as much
  // as one at 1 + log(1500).
  const auto together = static_cast<float>(1 + std::log(1500));
  EXPECT_TRUE(apply(together - 0.001F));
  EXPECT_FALSE(apply(together + 0.001F));
}

TEST_F(TimestampRules, EachSequenceByItself) {
  auto logits = level(2);
  logits.row(0)[100] = 20;
  logits.row(1)[100] = 20;
  ApplyTimestampRules(t, 1, 50).apply(
      logits,
      {{t.sot, at(3), 65}, {t.sot, at(9), 65}});
  EXPECT_TRUE(none_never(logits.row(0), at(4), n_vocab));
  EXPECT_TRUE(all_never(logits.row(1), at(0), at(10)));
  EXPECT_TRUE(none_never(logits.row(1), at(10), n_vocab));
}

// --- token decoders and rankers --------------------------------------------

TEST(GreedyDecoder, TakesTheBestAndAddsItsLogProbability) {
  GreedyDecoder decoder(0, 3);
  const StepLogits logits{4, {0, 2, 1, -1, 5, 1, 0, 6}};
  Sequences tokens{{0}, {0}};
  std::vector<float> sums{-1, 0};
  EXPECT_FALSE(decoder.update(tokens, logits, sums));
  EXPECT_EQ(tokens, (Sequences{{0, 1}, {0, 3}}));
  const auto log_prob = [](std::vector<double> row, double chosen) {
    double sum = 0;
    for (const double x : row) {
      sum += std::exp(x);
    }
    return chosen - std::log(sum);
  };
  EXPECT_NEAR(sums[0], -1 + log_prob({0, 2, 1, -1}, 2), 1e-6);
  EXPECT_NEAR(sums[1], log_prob({5, 1, 0, 6}, 6), 1e-6);
}

TEST(GreedyDecoder, KeepsAnEndedSequenceEnded) {
  GreedyDecoder decoder(0, 3);
  const StepLogits logits{4, {0, 2, 1, -1, 0, 0, 0, 9}};
  Sequences tokens{{0, 3}, {0, 1}};
  std::vector<float> sums{-1, -2};
  EXPECT_TRUE(decoder.update(tokens, logits, sums));
  EXPECT_EQ(tokens, (Sequences{{0, 3, 3}, {0, 1, 3}}));
  EXPECT_EQ(sums[0], -1);
  EXPECT_LT(sums[1], -2);
}

TEST(GreedyDecoder, IgnoresWhatIsImpossible) {
  GreedyDecoder decoder(0, 3);
  const StepLogits logits{4, {kNever, 2, kNever, kNever}};
  Sequences tokens{{0}};
  std::vector<float> sums{0};
  decoder.update(tokens, logits, sums);
  EXPECT_EQ(tokens[0].back(), 1);
  EXPECT_EQ(sums[0], 0);
}

TEST(GreedyDecoder, FinalizeEndsEverySequence) {
  GreedyDecoder decoder(0, 3);
  const auto candidates = decoder.finalize({{{0, 1}}, {{0, 3}}}, {{-1}, {-2}});
  EXPECT_EQ(
      candidates.tokens,
      (std::vector<Sequences>{{{0, 1, 3}}, {{0, 3, 3}}}));
  EXPECT_EQ(
      candidates.sum_logprobs,
      (std::vector<std::vector<double>>{{-1}, {-2}}));
}

TEST(GreedyDecoder, RefusesToSample) {
  EXPECT_THROW(GreedyDecoder(0.2, 3), UnsupportedError);
}

TEST(MaximumLikelihoodRanker, ByMeanLogProbability) {
  const MaximumLikelihoodRanker ranker(std::nullopt);
  EXPECT_EQ(
      ranker.rank({{{1, 2}, {1, 2, 3, 4}}, {{1}, {}}}, {{-2, -3}, {-5, -1}}),
      (std::vector{1, 0}));
}

TEST(MaximumLikelihoodRanker, ByLengthPenalty) {
  // With alpha 0 lengths do not count; with 1 they count linearly.
  const std::vector<Sequences> tokens{{{1, 2}, std::vector<int>(20, 1)}};
  const std::vector<std::vector<double>> sums{{-2, -3}};
  EXPECT_EQ(
      MaximumLikelihoodRanker(0.0).rank(tokens, sums),
      std::vector<int>{0});
  EXPECT_EQ(
      MaximumLikelihoodRanker(1.0).rank(tokens, sums),
      std::vector<int>{1});
}

// --- options and initial tokens --------------------------------------------

TEST(DecodingTask, BeginsWithLanguageAndTask) {
  const auto t = tokenizer();
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
  const auto t = tokenizer();
  const DecodingTask task(
      model(),
      {.language = "en", .prompt = std::vector{7, 8}});
  EXPECT_EQ(
      task.initial_tokens(),
      (std::vector{t.sot_prev, 7, 8, t.sot, t.sot + 1, t.transcribe}));
  EXPECT_EQ(task.sot_index(), 3);
  EXPECT_EQ(task.sample_begin(), 6);
}

TEST(DecodingTask, StripsATextPromptAndPutsASpaceBeforeIt) {
  const auto t = tokenizer();
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
    EXPECT_THROW(DecodingTask(model(), options), ArgumentError);
  };
  refuse({.task = "summarize", .language = "en"});
  refuse({.language = "xx"});
  refuse({.language = "en", .best_of = 2, .beam_size = 2});
  refuse({.language = "en", .best_of = 2});
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
  EXPECT_THROW(
      DecodingTask(model(), {.language = "en", .beam_size = 5}),
      UnsupportedError);
  EXPECT_THROW(
      DecodingTask(model(), {.language = "en", .temperature = 0.2}),
      UnsupportedError);
}

TEST(DecodingTask, HasTheFiltersThatOptionsAskFor) {
  const auto n = [](const DecodingOptions& options) {
    return DecodingTask(model(), options).n_filters();
  };
  EXPECT_EQ(n({.language = "en"}), 3U);
  EXPECT_EQ(n({.language = "en", .suppress_tokens = {}}), 2U);
  EXPECT_EQ(n({.language = "en", .suppress_blank = false}), 2U);
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
  DecodingTask task(model(), options, {}, std::move(inference));
  auto results = task.run(features());
  EXPECT_EQ(results.size(), 1U);
  EXPECT_EQ(script->cleaned, 1);
  return {results.front(), script->seen, script->seen_positions};
}

TEST(DecodingTask, SamplesUntilTheEnd) {
  const auto t = tokenizer();
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
  const auto t = tokenizer();
  const int hi = toy::pair('h', 'i');
  const auto result = run({.language = "en",
                           .suppress_tokens = {},
                           .suppress_blank = false,
                           .without_timestamps = true},
                          {{hi}, {t.eot}})
                          .result;
  // Each step: one token at 30, all others at 0.
  const double each = -std::log1p((model().dims.n_vocab - 1) * std::exp(-30.0));
  EXPECT_EQ(result.tokens, std::vector{hi});
  EXPECT_NEAR(result.avg_logprob, 2 * each / 2, 1e-7);
  EXPECT_NEAR(result.no_speech_prob, std::exp(-30.0), std::exp(-30.0) * 1e-4);
}

TEST(DecodingTask, NothingSampledIsEmptyText) {
  const auto t = tokenizer();
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
      model(),
      {.language = "en"},
      stop.get_token(),
      std::make_unique<Scripted>(std::vector<std::vector<int>>{{65}}));
  stop.request_stop();
  EXPECT_THROW(task.run(features()), InterruptedError);
}

TEST(DecodingTask, DecodesABatch) {
  const auto t = tokenizer();
  const int hi = toy::pair('h', 'i');
  const int ho = toy::pair('h', 'o');
  DecodingTask task(
      model(),
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
  const auto detected = detect_language(model(), features(2), tokenizer());
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
        tokenizer().to_language_token(most_probable(probs)));
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
      decode(model(), mx::take(features(), 0, 0), {.sample_len = 2}).front();
  EXPECT_FALSE(result.language_probs) << "only of the task lang_id";
  const auto detected =
      detect_language(model(), features(), model().get_tokenizer({}, {}));
  EXPECT_EQ(result.language, most_probable(detected.language_probs[0]));
  EXPECT_EQ(
      result.audio_features.shape(),
      (mx::Shape{model().dims.n_audio_ctx, model().dims.n_audio_state}));

  const auto only = decode(model(), features(), {.task = "lang_id"}).front();
  EXPECT_EQ(only.language, result.language);
  EXPECT_TRUE(only.tokens.empty());
}

TEST(Decode, GoesFromASpectrogramToText) {
  const auto mel = toy::random_array({3000, 80}, 5);
  const auto result =
      decode(model(), mel, {.language = "en", .sample_len = 5}).front();
  const auto t = tokenizer();
  ASSERT_FALSE(result.tokens.empty());
  EXPECT_GE(result.tokens[0], t.timestamp_begin);
  EXPECT_LE(result.tokens[0], t.timestamp_begin + 50);
  EXPECT_LT(result.avg_logprob, 0);
  EXPECT_GT(result.no_speech_prob, 0);
}

TEST(Decode, RefusesFeaturesOfAnotherCheckpoint) {
  EXPECT_THROW(
      decode(model(), toy::random_array({3000, 128}, 5), {.language = "en"}),
      ArgumentError);
  EXPECT_THROW(
      decode(model(), toy::random_array({2000, 80}, 5), {.language = "en"}),
      ArgumentError);
}

TEST(MLXInference, StepsAgreeWithOneRun) {
  const auto xa = features();
  const Sequences all{{5, 17, 29, 31, 44, 50}};
  const mx::array whole =
      model().logits(mx::array(all[0].data(), {1, 6}, mx::int32), xa);

  MLXInference inference(model(), 3);
  const std::vector<int> last_of_three{1, 2};
  Sequences tokens{{5, 17, 29}};
  const auto first = inference.logits(tokens, xa, last_of_three);
  EXPECT_TRUE(mx::allclose(
                  first,
                  mx::slice(whole, {0, 1, 0}, {1, 3, 51865}),
                  1e-4,
                  1e-5)
                  .item<bool>());
  for (int i = 3; i < 6; ++i) {
    tokens[0].push_back(all[0][static_cast<std::size_t>(i)]);
    const auto step = inference.logits(tokens, xa, std::vector{0});
    EXPECT_TRUE(mx::allclose(
                    step,
                    mx::slice(whole, {0, i, 0}, {1, i + 1, 51865}),
                    1e-4,
                    1e-5)
                    .item<bool>())
        << i;
  }
}

TEST(MLXInference, RearrangesItsSequences) {
  const auto xa = mx::repeat(features(), 2, 0);
  const auto step_after = [&](bool swap) {
    MLXInference inference(model(), 2);
    inference.logits({{5, 6}, {7, 8}}, xa, std::vector{1}).eval();
    if (swap) {
      inference.rearrange_kv_cache(std::vector{1, 0});
    }
    return inference.logits({{5, 6, 9}, {7, 8, 9}}, xa, std::vector{0});
  };
  const auto plain = step_after(false);
  const auto swapped = step_after(true);
  const auto reversed = mx::take(plain, mx::array({1, 0}), 0);
  EXPECT_TRUE(mx::allclose(swapped, reversed, 1e-4, 1e-5).item<bool>());
  EXPECT_FALSE(mx::allclose(swapped, plain, 1e-4, 1e-5).item<bool>());
}

} // namespace
} // namespace mlxaudio::whisper
