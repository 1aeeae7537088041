// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <cstdint>
#include <vector>

#include "models/whisper/sampling.h"
#include "models/whisper/step_logits.h"

namespace mlxaudio::whisper {

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

/// Selects the most probable token, or at a temperature above 0 draws one.
///
/// \port whisper.decoding.GreedyDecoder
class GreedyDecoder final : public TokenDecoder {
 public:
  /// \param draws used at a temperature above 0
  GreedyDecoder(double temperature, int eot, Draws draws = {});

  void reset() override;
  bool update(
      Sequences& tokens,
      const StepLogits& logits,
      std::vector<float>& sum_logprobs) override;
  Candidates finalize(
      std::vector<Sequences> tokens,
      const std::vector<std::vector<float>>& sum_logprobs) override;

 private:
  double temperature_;
  int eot_;
  Draws draws_;
  std::uint32_t step_ = 0;
};

} // namespace mlxaudio::whisper
