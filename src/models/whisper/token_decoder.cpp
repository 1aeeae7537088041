// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/token_decoder.h"

#include <algorithm>
#include <utility>

namespace mlxaudio::whisper {

GreedyDecoder::GreedyDecoder(double temperature, int eot, Draws draws)
    : temperature_(temperature), eot_(eot), draws_(draws) {}

void GreedyDecoder::reset() {
  step_ = 0;
}

bool GreedyDecoder::update(
    Sequences& tokens,
    const StepLogits& logits,
    std::vector<float>& sum_logprobs) {
  bool completed = true;
  for (std::size_t k = 0; k < tokens.size(); ++k) {
    const auto row = logits.row(static_cast<int>(k));
    if (tokens[k].back() == eot_) {
      tokens[k].push_back(eot_);
      continue;
    }
    const auto next =
        temperature_ == 0
            ? std::max_element(row.begin(), row.end())
            : row.begin() +
                  sample(
                      row,
                      temperature_,
                      draws_.uniform(static_cast<std::uint32_t>(k), step_));
    sum_logprobs[k] += static_cast<float>(*next - logsumexp(row));
    const auto token = static_cast<int>(next - row.begin());
    tokens[k].push_back(token);
    completed = completed && token == eot_;
  }
  ++step_;
  return completed;
}

TokenDecoder::Candidates GreedyDecoder::finalize(
    std::vector<Sequences> tokens,
    const std::vector<std::vector<float>>& sum_logprobs) {
  Candidates candidates;
  for (auto& group : tokens) {
    for (auto& sequence : group) {
      sequence.push_back(eot_);
    }
  }
  candidates.tokens = std::move(tokens);
  for (const auto& group : sum_logprobs) {
    candidates.sum_logprobs.emplace_back(group.begin(), group.end());
  }
  return candidates;
}

} // namespace mlxaudio::whisper
