// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <mlx/array.h>

#include "mlxaudio/stt.h"
#include "models/whisper/decoding_options.h"
#include "models/whisper/inference.h"
#include "models/whisper/logit_filters.h"
#include "models/whisper/sequence_ranker.h"
#include "models/whisper/step_logits.h"
#include "models/whisper/token_decoder.h"
#include "models/whisper/tokenizer.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

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

/// Decodes windows with one set of options.
///
/// \port whisper.decoding.DecodingTask
class DecodingTask {
 public:
  /// \param stop polled before each decoder step
  /// \throws ArgumentError, UnsupportedError for options that do not fit
  DecodingTask(
      const Whisper& model,
      const DecodingOptions& options,
      std::stop_token stop = {});

  /// The same with an inference of the caller's own.
  DecodingTask(
      const Whisper& model,
      const DecodingOptions& options,
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

  std::unique_ptr<TokenDecoder> make_decoder() const;
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
