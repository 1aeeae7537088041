// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/__init__.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/tensor.h"
#include "models/whisper/config.h"
#include "models/whisper/weights.h"

namespace mlxaudio::whisper {

/// A checkpoint, ready to build a model from.
struct LoadedCheckpoint {
  std::filesystem::path path; ///< as given
  Layout layout;              ///< that it had
  ModelDimensions dims;
  Checkpoint weights; ///< sanitized
  /// In layout order; the default ones where the checkpoint names none.
  AlignmentHeads alignment_heads;
  /// Whether the checkpoint named them.
  bool has_alignment_heads = false;
  /// How its quantized layers are packed, if it has any.
  std::optional<Quantization> quantization = {};
  /// What most of the weights are; of a quantized checkpoint, of those that are
  /// not packed, scales among them.
  DType weight_type = DType::f32;
  std::uint64_t parameters = 0; ///< without the encoder's position table
};

/// Loads a checkpoint from
///  - a folder with `config.json` in MLX's or Transformers' form and
///    `weights.safetensors`, `weights.npz`, `model.safetensors` or
///    `model.safetensors.index.json`;
///  - a folder with CTranslate2's `model.bin`;
///  - a `.pt` file of OpenAI's.
///
/// \port whisper.load_model
/// \throws ConfigError, WeightError, UnsupportedError, each naming the file
LoadedCheckpoint load_checkpoint(const std::filesystem::path& path);

/// The file that holds (or lists) the weights of a checkpoint.
/// \throws WeightError if there is none
std::filesystem::path weight_file_of(const std::filesystem::path& checkpoint);

/// Finds a vocabulary for a checkpoint: `multilingual.tiktoken` or
/// `gpt2.tiktoken`, else `tokenizer.json` or `vocab.json` with `merges.txt`, in
/// its folder; else the `.tiktoken` file in the cache's `vocab/`, else where
/// the program is installed. All multilingual models share a vocabulary, and
/// all English ones.
/// \param prefer_reference look for a `.tiktoken` file everywhere first
/// \throws TokenError that names the places and the mend
std::filesystem::path find_vocabulary(
    const std::filesystem::path& checkpoint,
    const ModelDimensions& dims,
    bool prefer_reference = false);

} // namespace mlxaudio::whisper
