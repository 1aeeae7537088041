// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <mlx/array.h>

#include "mlxaudio/stt.h"
#include "models/whisper/tokenizer.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// The sequences of a batch, each with its prompt. All have one length, but
/// for the candidates that a decoder returns in the end.
using Sequences = std::vector<std::vector<int>>;

/// What `detect_language` finds for each audio of a batch.
struct DetectedLanguages {
  std::vector<int> language_tokens; ///< the most probable one of each
  std::vector<std::vector<LanguageProbability>> language_probs; ///< by id
};

/// Probability of each language, from one decoder step on `<|sot|>` alone.
///
/// \port whisper.decoding.detect_language
/// \shape mel [B, T, n_mels] or [T, n_mels], or audio features
///   [B, n_audio_ctx, n_audio_state]
/// \throws UnsupportedError for a model without language tokens
DetectedLanguages detect_language(
    const Whisper& model, mx::array mel, const Tokenizer& tokenizer);

/// The most probable language; the first of equals.
const std::string& most_probable(
    const std::vector<LanguageProbability>& language_probs);

/// How to decode one window.
///
/// \port whisper.decoding.DecodingOptions
struct DecodingOptions {
  // DEVIATION(whisper-fp16): the option `fp16` is left out. The type that a
  // model computes in belongs to the loaded model (f32 on a CPU, which the
  // reference uses there too).

  /// "transcribe", "translate", or "lang_id" to only detect the language.
  std::string task = "transcribe";
  /// Code of the language; detected when empty.
  std::optional<std::string> language = {};

  double temperature = 0.0;
  std::optional<int> sample_len = {};  ///< most tokens to sample
  std::optional<int> best_of = {};     ///< trajectories, if temperature > 0
  std::optional<int> beam_size = {};   ///< beams, if temperature == 0
  std::optional<double> patience = {}; ///< in beam search (arxiv:2204.05424)
  /// Google NMT's "alpha" for ranking; empty: by mean log probability.
  std::optional<double> length_penalty = {};

  /// Text or tokens of the previous context.
  std::variant<std::string, std::vector<int>> prompt = {};
  /// Text or tokens that the current context begins with.
  std::variant<std::string, std::vector<int>> prefix = {};

  /// Ids never to be sampled; -1 stands for the tokenizer's
  /// `non_speech_tokens`. Empty: nothing is suppressed, special tokens neither.
  std::vector<int> suppress_tokens = {-1};
  bool suppress_blank = true; ///< no blank at the beginning

  bool without_timestamps = false; ///< sample text tokens only
  /// Latest first timestamp; empty and, as in the reference, 0: no limit.
  /// \unit s
  std::optional<double> max_initial_timestamp = 1.0;
};

/// The options, if they are in range and go together.
/// \throws ArgumentError; UnsupportedError for what there is not yet
const DecodingOptions& verify_options(
    const DecodingOptions& options, const ModelDimensions& dims);

/// What decoding one window gave.
///
/// \port whisper.decoding.DecodingResult
struct DecodingResult {
  mx::array audio_features; ///< [n_audio_ctx, n_audio_state]
  std::string language;     ///< a code
  /// Only of the task "lang_id".
  std::optional<std::vector<LanguageProbability>> language_probs = {};
  std::vector<int> tokens = {}; ///< sampled, without the end
  std::string text = {};
  double avg_logprob = std::numeric_limits<double>::quiet_NaN();
  double no_speech_prob = std::numeric_limits<double>::quiet_NaN();
  double temperature = std::numeric_limits<double>::quiet_NaN();
  double compression_ratio = std::numeric_limits<double>::quiet_NaN();
};

/// A decoder with its memory of the tokens that it has seen.
///
/// \port whisper.decoding.Inference
class Inference {
 public:
  virtual ~Inference() = default;

  /// Logits of the positions asked for (of the tokens that are new in this
  /// call), in f32. The vocabulary's product is most of a step, and a prompt
  /// has many positions that nobody looks at.
  /// \shape tokens [B, T], audio_features [B, n_audio_ctx, n_audio_state] ->
  ///   [B, positions, n_vocab]
  /// \state appends to the cache
  virtual mx::array logits(
      const Sequences& tokens,
      const mx::array& audio_features,
      std::span<const int> positions) = 0;

  /// Makes sequence i of the cache the former sequence `source_indices[i]`.
  virtual void rearrange_kv_cache(std::span<const int> source_indices) = 0;

  /// Forgets everything.
  virtual void cleanup_caching() = 0;
};

/// Inference by the model's own decoder.
///
/// \port whisper.decoding.PyTorchInference
class MLXInference final : public Inference {
 public:
  MLXInference(const Whisper& model, int initial_token_length);

  mx::array logits(
      const Sequences& tokens,
      const mx::array& audio_features,
      std::span<const int> positions) override;
  void rearrange_kv_cache(std::span<const int> source_indices) override;
  void cleanup_caching() override;

 private:
  const Whisper& model_;
  int initial_token_length_;
  TextDecoder::Cache kv_cache_;
};

/// Chooses one of the sequences of each group.
///
/// \port whisper.decoding.SequenceRanker
class SequenceRanker {
 public:
  virtual ~SequenceRanker() = default;

  /// Index, for each group, of the sequence to return.
  /// \param tokens sampled ones of each sequence of each group
  /// \param sum_logprobs their cumulative log probabilities
  virtual std::vector<int> rank(
      const std::vector<Sequences>& tokens,
      const std::vector<std::vector<double>>& sum_logprobs) const = 0;
};

/// Chooses the highest log probability, normalised by length or by Google
/// NMT's length penalty.
///
/// \port whisper.decoding.MaximumLikelihoodRanker
class MaximumLikelihoodRanker final : public SequenceRanker {
 public:
  explicit MaximumLikelihoodRanker(std::optional<double> length_penalty);

  std::vector<int> rank(
      const std::vector<Sequences>& tokens,
      const std::vector<std::vector<double>>& sum_logprobs) const override;

 private:
  std::optional<double> length_penalty_;
};

/// The logits of one step on the host, a row for each sequence.
struct StepLogits {
  int n_vocab;
  std::vector<float> values; ///< [B, n_vocab]

  int n_batch() const;
  std::span<float> row(int k);
  std::span<const float> row(int k) const;
};

/// Selects the next tokens.
///
/// \port whisper.decoding.TokenDecoder
class TokenDecoder {
 public:
  virtual ~TokenDecoder() = default;

  /// Forgets the sequences of an earlier run.
  virtual void reset() {}

  /// Appends a token to each sequence. True if all have reached the end.
  /// \state appends to tokens, adds to sum_logprobs
  virtual bool update(
      Sequences& tokens,
      const StepLogits& logits,
      std::vector<float>& sum_logprobs) = 0;

  /// What `finalize` returns: candidates of each group.
  struct Candidates {
    std::vector<Sequences> tokens; ///< each ends in at least one end token
    std::vector<std::vector<double>> sum_logprobs;
  };

  /// Ends the search.
  /// \param tokens [n_audio][n_group][length]
  /// \param sum_logprobs [n_audio][n_group]
  virtual Candidates finalize(
      std::vector<Sequences> tokens,
      const std::vector<std::vector<float>>& sum_logprobs) = 0;
};

/// Selects the most probable token.
///
/// \port whisper.decoding.GreedyDecoder
class GreedyDecoder final : public TokenDecoder {
 public:
  /// \throws UnsupportedError for a temperature other than 0
  GreedyDecoder(double temperature, int eot);

  bool update(
      Sequences& tokens,
      const StepLogits& logits,
      std::vector<float>& sum_logprobs) override;
  Candidates finalize(
      std::vector<Sequences> tokens,
      const std::vector<std::vector<float>>& sum_logprobs) override;

 private:
  int eot_;
};

/// Makes some tokens impossible.
///
/// \port whisper.decoding.LogitFilter
class LogitFilter {
 public:
  virtual ~LogitFilter() = default;

  /// \param tokens all of each sequence, with prompt and start
  /// \state changes logits
  virtual void apply(StepLogits& logits, const Sequences& tokens) const = 0;
};

/// No blank and no end as the first token.
///
/// \port whisper.decoding.SuppressBlank
class SuppressBlank final : public LogitFilter {
 public:
  SuppressBlank(const Tokenizer& tokenizer, int sample_begin);
  void apply(StepLogits& logits, const Sequences& tokens) const override;

 private:
  std::vector<int> blank_;
  int sample_begin_;
};

/// None of a list of tokens.
///
/// \port whisper.decoding.SuppressTokens
class SuppressTokens final : public LogitFilter {
 public:
  explicit SuppressTokens(std::vector<int> suppress_tokens);
  void apply(StepLogits& logits, const Sequences& tokens) const override;

 private:
  std::vector<int> suppress_tokens_;
};

/// All tokens to suppress: those of a list, in which -1 stands for the
/// tokenizer's `non_speech_tokens`, and the tokens of the task. Ascending.
std::vector<int> get_suppress_tokens(
    const Tokenizer& tokenizer, const std::vector<int>& suppress_tokens);

/// Timestamps in pairs, never decreasing, first of all, and whenever all of
/// them together are more probable than any text token.
///
/// \port whisper.decoding.ApplyTimestampRules
class ApplyTimestampRules final : public LogitFilter {
 public:
  ApplyTimestampRules(
      const Tokenizer& tokenizer,
      int sample_begin,
      std::optional<int> max_initial_timestamp_index);
  void apply(StepLogits& logits, const Sequences& tokens) const override;

 private:
  int no_timestamps_;
  int timestamp_begin_;
  int eot_;
  int sample_begin_;
  std::optional<int> max_initial_timestamp_index_;
};

/// Decodes windows with one set of options.
///
/// \port whisper.decoding.DecodingTask
class DecodingTask {
 public:
  /// \param stop polled before each decoder step
  /// \throws ArgumentError, UnsupportedError for options that do not fit
  DecodingTask(
      const Whisper& model, DecodingOptions options, std::stop_token stop = {});

  /// The same with an inference of the caller's own.
  DecodingTask(
      const Whisper& model,
      DecodingOptions options,
      std::stop_token stop,
      std::unique_ptr<Inference> inference);

  /// Decodes a batch of windows.
  /// \shape mel [B, T, n_mels], or audio features
  ///   [B, n_audio_ctx, n_audio_state]
  /// \throws InterruptedError when stopped
  std::vector<DecodingResult> run(const mx::array& mel);

  const std::vector<int>& initial_tokens() const {
    return initial_tokens_;
  }
  int sample_begin() const {
    return sample_begin_;
  }
  int sot_index() const {
    return sot_index_;
  }
  std::size_t n_filters() const {
    return logit_filters_.size();
  }

 private:
  struct Sampled {
    Sequences tokens;
    std::vector<float> sum_logprobs;
    std::vector<double> no_speech_probs;
  };
  struct Languages {
    std::vector<std::string> languages;
    std::optional<std::vector<std::vector<LanguageProbability>>> language_probs;
  };

  std::vector<int> get_initial_tokens() const;
  mx::array get_audio_features(const mx::array& mel) const;
  Languages detect_language(
      const mx::array& audio_features, Sequences& tokens) const;
  Sampled main_loop(const mx::array& audio_features, Sequences tokens);

  const Whisper& model_;
  std::stop_token stop_;
  DecodingOptions options_;
  Tokenizer tokenizer_;
  int n_group_;
  int n_ctx_;
  int sample_len_;
  std::vector<int> sot_sequence_;
  std::vector<int> initial_tokens_;
  int sample_begin_;
  int sot_index_;
  std::unique_ptr<Inference> inference_;
  std::unique_ptr<SequenceRanker> sequence_ranker_;
  std::unique_ptr<TokenDecoder> decoder_;
  std::vector<std::unique_ptr<LogitFilter>> logit_filters_;
};

/// Decodes 30-second windows.
///
/// \port whisper.decoding.decode
/// \shape mel [B, T, n_mels] or [T, n_mels] (one result)
std::vector<DecodingResult> decode(
    const Whisper& model,
    const mx::array& mel,
    const DecodingOptions& options = {},
    std::stop_token stop = {});

} // namespace mlxaudio::whisper
