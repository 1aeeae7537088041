// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/sequence_ranker.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mlxaudio::whisper {

MaximumLikelihoodRanker::MaximumLikelihoodRanker(
    std::optional<double> length_penalty)
    : length_penalty_(length_penalty) {}

std::vector<int> MaximumLikelihoodRanker::rank(
    const std::vector<Sequences>& tokens,
    const std::vector<std::vector<double>>& sum_logprobs) const {
  const auto score = [this](double logprob, std::size_t length) {
    const auto n = static_cast<double>(length);
    // DEVIATION(whisper-empty-sequence): the reference divides by zero, and
    // fails, for a sequence without tokens; here its score is minus infinity.
    if (!length_penalty_) {
      return n > 0 ? logprob / n : -std::numeric_limits<double>::infinity();
    }
    // From the Google NMT paper.
    return logprob / std::pow((5 + n) / 6, *length_penalty_);
  };
  std::vector<int> selected;
  for (std::size_t group = 0; group < tokens.size(); ++group) {
    std::vector<double> scores;
    for (std::size_t i = 0; i < tokens[group].size(); ++i) {
      scores.push_back(score(sum_logprobs[group][i], tokens[group][i].size()));
    }
    selected.push_back(static_cast<int>(
        std::max_element(scores.begin(), scores.end()) - scores.begin()));
  }
  return selected;
}

} // namespace mlxaudio::whisper
