// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/logit_filters.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "ops/logits.h"

namespace mlxaudio::whisper {

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

} // namespace

SuppressBlank::SuppressBlank(const Tokenizer& tokenizer, int sample_begin)
    : blank_(tokenizer.encode(" ")), sample_begin_(sample_begin) {
  blank_.push_back(tokenizer.eot);
}

void SuppressBlank::apply(StepLogits& logits, const Sequences& tokens) const {
  if (static_cast<int>(tokens.front().size()) != sample_begin_) {
    return;
  }
  for (int k = 0; k < logits.n_batch(); ++k) {
    const auto row = logits.row(k);
    for (const int token : blank_) {
      row[token] = kNever;
    }
  }
}

SuppressTokens::SuppressTokens(std::vector<int> suppress_tokens)
    : suppress_tokens_(std::move(suppress_tokens)) {}

void SuppressTokens::apply(StepLogits& logits, const Sequences&) const {
  for (int k = 0; k < logits.n_batch(); ++k) {
    const auto row = logits.row(k);
    for (const int token : suppress_tokens_) {
      row[token] = kNever;
    }
  }
}

RepetitionPenalty::RepetitionPenalty(double penalty)
    : penalty_(static_cast<float>(penalty)) {}

void RepetitionPenalty::apply(
    StepLogits& logits, const Sequences& tokens) const {
  for (int k = 0; k < logits.n_batch(); ++k) {
    const auto row = logits.row(k);
    // However often a token came, it counts once.
    const std::set<int> seen(tokens[k].begin(), tokens[k].end());
    for (const int token : seen) {
      if (token < logits.n_vocab) {
        float& logit = row[token];
        logit = logit > 0 ? logit / penalty_ : logit * penalty_;
      }
    }
  }
}

std::vector<int> get_suppress_tokens(
    const Tokenizer& tokenizer, const std::vector<int>& suppress_tokens) {
  std::set<int> all;
  for (const int token : suppress_tokens) {
    if (token >= 0) {
      all.insert(token);
    } else {
      all.insert(
          tokenizer.non_speech_tokens.begin(),
          tokenizer.non_speech_tokens.end());
    }
  }
  all.insert(
      {tokenizer.transcribe,
       tokenizer.translate,
       tokenizer.sot,
       tokenizer.sot_prev,
       tokenizer.sot_lm,
       // Its probability is collected separately.
       tokenizer.no_speech});
  return {all.begin(), all.end()};
}

namespace {

/// Whether all timestamps together are more probable than each other token.
bool is_timestamp_likelier(std::span<const float> row, int timestamp_begin) {
  const auto text = row.first(static_cast<std::size_t>(timestamp_begin));
  const auto timestamps =
      row.subspan(static_cast<std::size_t>(timestamp_begin));
  const float best = ops::greatest(text);
  const double sum = logsumexp(timestamps);
  // The reference compares log probabilities. Both sides have the same
  // normaliser, so that logits tell, but for a tie: there its rounding to f32
  // decides, which is less than 1e-5 among the most probable.
  constexpr double kNear = 1e-4;
  if (!(std::abs(sum - best) < kNear)) {
    return sum > best;
  }
  const float max = ops::greatest(row);
  const auto log_normaliser = static_cast<float>(logsumexp(row) - max);
  std::vector<float> logprobs;
  for (const float logit : timestamps) {
    logprobs.push_back(logit - max - log_normaliser);
  }
  return static_cast<float>(logsumexp(logprobs)) > best - max - log_normaliser;
}

} // namespace

ApplyTimestampRules::ApplyTimestampRules(
    const Tokenizer& tokenizer,
    int sample_begin,
    std::optional<int> max_initial_timestamp_index)
    : no_timestamps_(tokenizer.no_timestamps),
      timestamp_begin_(tokenizer.timestamp_begin),
      eot_(tokenizer.eot),
      sample_begin_(sample_begin),
      max_initial_timestamp_index_(max_initial_timestamp_index) {}

void ApplyTimestampRules::apply(
    StepLogits& logits, const Sequences& tokens) const {
  for (int k = 0; k < logits.n_batch(); ++k) {
    const auto row = logits.row(k);
    const auto suppress = [&row](int begin, int end) {
      end = std::min(end, static_cast<int>(row.size()));
      for (int token = begin; token < end; ++token) {
        row[token] = kNever;
      }
    };
    const auto n_vocab = static_cast<int>(row.size());

    // `without_timestamps` is what decides on this token.
    row[no_timestamps_] = kNever;

    // Timestamps come in pairs, except directly before the end.
    const std::span<const int> sampled =
        std::span(tokens[k]).subspan(static_cast<std::size_t>(sample_begin_));
    const auto is_timestamp = [this](int token) {
      return token >= timestamp_begin_;
    };
    const auto n = sampled.size();
    const bool last_was_timestamp = n >= 1 && is_timestamp(sampled[n - 1]);
    const bool penultimate_was_timestamp =
        n < 2 || is_timestamp(sampled[n - 2]);
    if (last_was_timestamp) {
      if (penultimate_was_timestamp) { // has to be text
        suppress(timestamp_begin_, n_vocab);
      } else { // cannot be text
        suppress(0, eot_);
      }
    }

    const auto timestamp_last =
        std::find_if(sampled.rbegin(), sampled.rend(), is_timestamp);
    if (timestamp_last != sampled.rend()) {
      // Timestamps do not decrease, and the end of a segment is larger than its
      // begin: a segment without length could repeat for ever.
      const bool may_repeat = last_was_timestamp && !penultimate_was_timestamp;
      suppress(timestamp_begin_, *timestamp_last + (may_repeat ? 0 : 1));
    }

    if (static_cast<int>(tokens[k].size()) == sample_begin_) {
      suppress(0, timestamp_begin_);
      if (max_initial_timestamp_index_) {
        suppress(timestamp_begin_ + *max_initial_timestamp_index_ + 1, n_vocab);
      }
    }

    if (is_timestamp_likelier(row, timestamp_begin_)) {
      suppress(0, timestamp_begin_);
    }
  }
}

} // namespace mlxaudio::whisper
