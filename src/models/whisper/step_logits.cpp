// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/step_logits.h"

#include <algorithm>

#include "ops/logits.h"

namespace mlxaudio::whisper {

int StepLogits::n_batch() const {
  return static_cast<int>(values.size()) / n_vocab;
}

std::span<float> StepLogits::row(int k) {
  return std::span(values).subspan(
      static_cast<std::size_t>(k) * n_vocab,
      n_vocab);
}

std::span<const float> StepLogits::row(int k) const {
  return std::span(values).subspan(
      static_cast<std::size_t>(k) * n_vocab,
      n_vocab);
}

double logsumexp(std::span<const float> row) {
  return ops::log_sum_exp(row);
}

std::vector<float> log_softmax(std::span<const float> row) {
  const float max = ops::greatest(row);
  const auto log_sum = static_cast<float>(logsumexp(row) - max);
  std::vector<float> logprobs(row.size());
  std::transform(row.begin(), row.end(), logprobs.begin(), [&](float value) {
    return (value - max) - log_sum;
  });
  return logprobs;
}

} // namespace mlxaudio::whisper
