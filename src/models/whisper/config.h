// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/model.py, whisper/__init__.py),
// Copyright (c) 2022 OpenAI, https://github.com/openai/whisper, MIT: see
// licenses/whisper.txt. ModelDimensions.from_dict follows mlx-audio
// (mlx_audio/stt/models/whisper/whisper.py), Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio, MIT: see licenses/mlx-audio.txt.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/tensor.h"

namespace mlxaudio::whisper {

/// The sizes of a model.
///
/// \port whisper.model.ModelDimensions
struct ModelDimensions {
  int n_mels = 0;
  int n_audio_ctx = 0;
  int n_audio_state = 0;
  int n_audio_head = 0;
  int n_audio_layer = 0;
  int n_vocab = 0;
  int n_text_ctx = 0;
  int n_text_state = 0;
  int n_text_head = 0;
  int n_text_layer = 0;

  /// Visits each field in the reference's order: `visit(name, value, most)`,
  /// where 1 to `most` is what a checkpoint may claim.
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("n_mels", self.n_mels, 512);
    visit("n_audio_ctx", self.n_audio_ctx, 30000);
    visit("n_audio_state", self.n_audio_state, 16384);
    visit("n_audio_head", self.n_audio_head, 256);
    visit("n_audio_layer", self.n_audio_layer, 256);
    visit("n_vocab", self.n_vocab, 1'000'000);
    visit("n_text_ctx", self.n_text_ctx, 8192);
    visit("n_text_state", self.n_text_state, 16384);
    visit("n_text_head", self.n_text_head, 256);
    visit("n_text_layer", self.n_text_layer, 256);
  }

  bool operator==(const ModelDimensions&) const = default;

  /// Whether the vocabulary is the multilingual one.
  bool is_multilingual() const {
    return n_vocab >= 51865;
  }
  /// How many languages have a token: 99, from large-v3 on 100.
  int num_languages() const {
    return n_vocab - 51765 - static_cast<int>(is_multilingual());
  }
};

/// A head of the attention to the audio: {layer, head}.
using AlignmentHead = std::array<int, 2>;
using AlignmentHeads = std::vector<AlignmentHead>;

/// Dimensions from a configuration in MLX's form (the reference's own names;
/// also the `dims` of a `.pt` file) or, if it has `d_model` or
/// `encoder_layers`, in that of Transformers. Nothing has a default.
///
/// \port mlx_audio.stt.models.whisper.whisper.ModelDimensions.from_dict
/// \param file names it in errors
/// \throws ConfigError for a missing, malformed or absurd field
ModelDimensions read_dimensions(
    const Json& config, const std::filesystem::path& file);

/// Dimensions of a CTranslate2 checkpoint, which tells most of them only by
/// the shapes of its variables.
/// \throws WeightError, ConfigError
ModelDimensions read_dimensions_ctranslate2(const Checkpoint& checkpoint);

/// \throws ConfigError if dimensions are out of range or contradict each other
void check_dimensions(
    const ModelDimensions& dims, const std::filesystem::path& file);

/// The configuration in MLX's form, as `config.json` has it.
Json to_json(const ModelDimensions& dims);

/// Heads that are used for alignment when a checkpoint names none: all of the
/// last half of the layers.
///
/// \port mlx_audio.stt.models.whisper.whisper.Model.alignment_heads,
///   whisper.model.Whisper.__init__
AlignmentHeads default_alignment_heads(const ModelDimensions& dims);

/// The list `alignment_heads` of a configuration, if it has one.
/// \throws ConfigError if it is not a list of heads that the model has
std::optional<AlignmentHeads> read_alignment_heads(
    const Json& config,
    const ModelDimensions& dims,
    const std::filesystem::path& file);

/// Heads from the reference's dump: a mask [n_text_layer, n_text_head] of
/// booleans, gzipped, in base 85.
///
/// \port whisper.model.Whisper.set_alignment_heads
/// \throws ConfigError if it is not such a mask
AlignmentHeads decode_alignment_heads(
    std::string_view dump, const ModelDimensions& dims);

/// The reference's dump for an official model of this name; empty if there is
/// none.
std::string_view alignment_heads_dump(std::string_view model);

} // namespace mlxaudio::whisper
