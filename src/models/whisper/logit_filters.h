// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <optional>
#include <vector>

#include "models/whisper/step_logits.h"
#include "models/whisper/tokenizer.h"

namespace mlxaudio::whisper {

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

/// Tokens that a sequence has become less likely.
///
/// \port mlx_audio.stt.models.whisper.decoding.RepetitionPenalty
class RepetitionPenalty final : public LogitFilter {
 public:
  explicit RepetitionPenalty(double penalty);
  void apply(StepLogits& logits, const Sequences& tokens) const override;

 private:
  float penalty_;
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

} // namespace mlxaudio::whisper
