// SPDX-License-Identifier: MIT
// Ported from mlx-audio (mlx_audio/stt/models/whisper/whisper.py), Copyright
// (c) 2023 Apple Inc., https://github.com/Blaizzy/mlx-audio, MIT: see
// licenses/mlx-audio.txt.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"
#include "models/whisper/config.h"
#include "nn/quantization.h"

namespace mlxaudio::whisper {

/// How a checkpoint names and lays out its tensors.
enum class Layout {
  mlx,    ///< MLX's: "encoder.blocks.0.mlp1.weight", convolutions [O, K, I]
  openai, ///< OpenAI's: "encoder.blocks.0.mlp.0.weight", [O, I, K]
  transformers, ///< "model.encoder.layers.0.fc1.weight", [O, I, K]
  ctranslate2,  ///< "encoder/layer_0/ffn/linear_0/weight", fused, [O, I, K]
};

/// "MLX", "OpenAI", ... for messages.
std::string_view name_of(Layout layout);

/// A parameter of the model, by our name (that of the MLX reference).
struct Parameter {
  std::string name;
  std::vector<std::int64_t> shape;
  /// The encoder's position table, which only some layouts store.
  bool optional = false;
};

/// All parameters of a model of these dimensions.
std::vector<Parameter> parameters_of(const ModelDimensions& dims);

/// The layout that a checkpoint has, by a tensor that only it names so.
/// \throws WeightError if it is none of them; UnsupportedError if the weights
/// are quantized in another than MLX's
Layout layout_of(const Checkpoint& checkpoint);

/// The tensors under our names and in our layout: convolutions [O, K, I],
/// linear layers one by one, tied copies and what is not a parameter left out.
/// Types stay as they are, and quantized layers packed: `weight` of u32 with
/// `scales` and `biases`.
///
/// \param quantization how they are packed, from the configuration
/// \port mlx_audio.stt.models.whisper.whisper.Model.sanitize
/// \throws WeightError that lists all missing, misshapen and unexpected
/// tensors, and for a fused bias that cannot be left out; ConfigError if layers
/// are quantized and the configuration does not say how
Checkpoint sanitize(
    Checkpoint checkpoint,
    Layout layout,
    const ModelDimensions& dims,
    const std::optional<Quantization>& quantization = {});

/// Whether a checkpoint has layers in MLX's quantization.
bool is_quantized(const Checkpoint& checkpoint);

/// \throws WeightError naming the first tensor that holds NaN or infinity
void check_finite(const Checkpoint& checkpoint);

} // namespace mlxaudio::whisper
