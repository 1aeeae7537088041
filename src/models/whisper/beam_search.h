// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "models/whisper/inference.h"
#include "models/whisper/step_logits.h"
#include "models/whisper/token_decoder.h"

namespace mlxaudio::whisper {

/// Indices of the `k` greatest values, greatest first.
///
/// Which of equal values are taken, and in which order, is decided as in
/// PyTorch's `topk` of a long row: by a heap of `k` that a later value enters
/// only if it is greater than the least one. Where the filters leave fewer than
/// `k` tokens possible, that decides which impossible ones are looked at.
/// \throws ArgumentError unless 0 < k <= size
std::vector<int> top_k(std::span<const float> values, int k);

/// Follows the most probable sequences of each audio.
///
/// \port whisper.decoding.BeamSearchDecoder
class BeamSearchDecoder final : public TokenDecoder {
 public:
  /// \param inference whose cache follows the beams; must outlive this
  /// \param patience the search ends with `beam_size` times this many finished
  ///   sequences of each audio; empty and 0: 1
  /// \throws ArgumentError if that is none
  BeamSearchDecoder(
      int beam_size,
      int eot,
      Inference& inference,
      std::optional<double> patience = {});

  /// How many finished sequences end the search.
  static int max_candidates(int beam_size, std::optional<double> patience);

  void reset() override;
  /// \throws ArgumentError if the sequences are not `beam_size` for each audio
  bool update(
      Sequences& tokens,
      const StepLogits& logits,
      std::vector<float>& sum_logprobs) override;
  Candidates finalize(
      std::vector<Sequences> tokens,
      const std::vector<std::vector<float>>& sum_logprobs) override;

 private:
  struct Finished {
    std::vector<int> tokens;
    float sum_logprob;
  };

  int beam_size_;
  int eot_;
  Inference& inference_;
  int max_candidates_;
  /// In the order that they were found in, of each audio. Empty before the
  /// first update.
  std::vector<std::vector<Finished>> finished_sequences_;
};

} // namespace mlxaudio::whisper
