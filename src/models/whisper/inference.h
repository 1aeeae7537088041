// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <span>

#include <mlx/array.h>

#include "models/whisper/step_logits.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// Token ids as an array. \shape [B, T]
mx::array to_array(const Sequences& tokens);

/// A decoder with its memory of the tokens that it has seen.
///
/// \port whisper.decoding.Inference
class Inference {
 public:
  virtual ~Inference() = default;

  /// Logits of the positions asked for (of the tokens that are new in this
  /// call), in f32. The vocabulary's product is most of a step, and a prompt
  /// has many positions that nobody looks at.
  /// \shape tokens [B, T], audio_features [n_audio, n_audio_ctx,
  ///   n_audio_state], B a multiple of n_audio -> [B, positions, n_vocab]
  /// \state appends to the cache
  virtual mx::array logits(
      const Sequences& tokens,
      const mx::array& audio_features,
      std::span<const int> positions) = 0;

  /// Makes sequence i of the cache the former sequence `source_indices[i]`.
  virtual void rearrange_kv_cache(std::span<const int> source_indices) = 0;

  /// Forgets everything.
  virtual void cleanup_caching() = 0;
};

/// Inference by the model's own decoder.
///
/// \port whisper.decoding.PyTorchInference
class MLXInference final : public Inference {
 public:
  MLXInference(const Whisper& model, int initial_token_length);

  mx::array logits(
      const Sequences& tokens,
      const mx::array& audio_features,
      std::span<const int> positions) override;
  void rearrange_kv_cache(std::span<const int> source_indices) override;
  void cleanup_caching() override;

 private:
  const Whisper& model_;
  int initial_token_length_;
  TextDecoder::Cache kv_cache_;
};

} // namespace mlxaudio::whisper
