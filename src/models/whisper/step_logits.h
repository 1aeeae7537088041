// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <span>
#include <vector>

namespace mlxaudio::whisper {

/// The sequences of a batch, each with its prompt. All have one length, but
/// for the candidates that a decoder returns in the end.
using Sequences = std::vector<std::vector<int>>;

/// The logits of one step on the host, a row for each sequence.
struct StepLogits {
  int n_vocab;
  std::vector<float> values; ///< [B, n_vocab]

  int n_batch() const;
  std::span<float> row(int k);
  std::span<const float> row(int k) const;
};

/// log(sum(exp(row))), summed in double so that the order does not matter.
double logsumexp(std::span<const float> row);

/// Log probabilities, rounded as PyTorch's float32 ones are.
std::vector<float> log_softmax(std::span<const float> row);

} // namespace mlxaudio::whisper
