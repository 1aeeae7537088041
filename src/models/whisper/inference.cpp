// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/inference.h"

#include <utility>
#include <vector>

#include <mlx/ops.h>

namespace mlxaudio::whisper {

namespace {

/// Whether every `n_group` sequences are the same.
bool are_repeated(const Sequences& tokens, int n_group) {
  for (std::size_t k = 0; k < tokens.size(); ++k) {
    if (tokens[k] != tokens[k - k % static_cast<std::size_t>(n_group)]) {
      return false;
    }
  }
  return true;
}

} // namespace

mx::array to_array(const Sequences& tokens) {
  const auto n_batch = static_cast<int>(tokens.size());
  const auto length = static_cast<int>(tokens.front().size());
  std::vector<int> flat;
  flat.reserve(static_cast<std::size_t>(n_batch) * tokens.front().size());
  for (const auto& sequence : tokens) {
    flat.insert(flat.end(), sequence.begin(), sequence.end());
  }
  return mx::array(flat.data(), {n_batch, length}, mx::int32);
}

MLXInference::MLXInference(const Whisper& model, int initial_token_length)
    : model_(model), initial_token_length_(initial_token_length) {}

mx::array MLXInference::logits(
    const Sequences& tokens,
    const mx::array& audio_features,
    std::span<const int> positions) {
  const auto n_group =
      static_cast<int>(tokens.size()) / audio_features.shape(0);
  if (kv_cache_.empty() && n_group > 1 && are_repeated(tokens, n_group)) {
    // What is the same for a group is computed once.
    Sequences each;
    std::vector<int> sequences;
    for (int k = 0; k < static_cast<int>(tokens.size()); ++k) {
      if (k % n_group == 0) {
        each.push_back(tokens[k]);
      }
      sequences.push_back(k / n_group);
    }
    const mx::array first = logits(each, audio_features, positions);
    rearrange_kv_cache(sequences);
    return mx::repeat(first, n_group, 0);
  }

  Sequences inputs = tokens;
  if (static_cast<int>(tokens.front().size()) > initial_token_length_) {
    // Only the last token is new, except in the first forward pass.
    for (auto& sequence : inputs) {
      sequence.erase(sequence.begin(), sequence.end() - 1);
    }
  }
  TextDecoder::Call call;
  if (kv_cache_.empty()) {
    call.kv_cache = model_.decoder.make_cache(
        static_cast<int>(tokens.size()),
        audio_features.dtype());
  } else {
    call.kv_cache = std::exchange(kv_cache_, {});
  }
  // A step has one new token, and needs no choice.
  if (inputs.front().size() > 1 || positions.size() > 1) {
    call.positions.assign(positions.begin(), positions.end());
  }
  auto out = model_.decoder(to_array(inputs), audio_features, std::move(call));
  kv_cache_ = std::move(out.kv_cache);
  return mx::astype(out.logits, mx::float32);
}

void MLXInference::rearrange_kv_cache(std::span<const int> source_indices) {
  kv_cache_ = whisper::rearrange_kv_cache(std::move(kv_cache_), source_indices);
}

void MLXInference::cleanup_caching() {
  kv_cache_ = {};
}

} // namespace mlxaudio::whisper
