// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <optional>
#include <vector>

#include "models/whisper/step_logits.h"

namespace mlxaudio::whisper {

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

} // namespace mlxaudio::whisper
