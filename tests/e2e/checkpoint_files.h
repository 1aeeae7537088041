// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/tensor.h"
#include "models/whisper/config.h"

namespace mlxaudio::e2e {

/// Writers of the checkpoint files that others make, for tests that read them.
/// The renamings here are written apart from the library's own tables, from
/// the layouts' definitions.

using Tensors = std::map<std::string, Tensor>;

/// Every tensor in another type of float.
Tensors cast(const Tensors& tensors, DType dtype);

/// From MLX's names and layout to OpenAI's.
Tensors openai_tensors(const Tensors& mlx);

/// From OpenAI's names to Transformers'.
Tensors transformers_tensors(const Tensors& openai);

/// MLX's tensors without what MLX's own conversions leave out.
Tensors mlx_tensors(Tensors mlx);

/// `config.json` in MLX's form.
void write_mlx_config(
    const std::filesystem::path& folder, const whisper::ModelDimensions& dims);

/// `config.json` in Transformers' form.
void write_transformers_config(
    const std::filesystem::path& folder, const whisper::ModelDimensions& dims);

/// numpy.savez of the tensors.
void write_npz(const std::filesystem::path& path, const Tensors& tensors);

/// torch.save of {"dims": ..., "model_state_dict": ...}.
void write_pt(
    const std::filesystem::path& path,
    const whisper::ModelDimensions& dims,
    const Tensors& tensors);

/// Two shards and their index, as Transformers writes large models.
void write_sharded(const std::filesystem::path& folder, const Tensors& tensors);

} // namespace mlxaudio::e2e
