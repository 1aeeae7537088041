// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/tensor.h"

namespace mlxaudio {

/// Reads a safetensors file; the tensors point into its mapping.
///
/// Strict: the header's length, each type, shape and range are checked, and
/// ranges may not overlap nor leave holes or a tail.
/// \throws WeightError naming the file and, where there is one, the tensor
Checkpoint read_safetensors(const std::filesystem::path& path);

/// Reads the shards that a `model.safetensors.index.json` names. Each tensor
/// must be in the shard that the index says, and no shard may hold others.
/// \throws WeightError, ConfigError
Checkpoint read_safetensors_index(const std::filesystem::path& index);

/// Writes tensors in the order of their names, atomically. Bytes depend only
/// on the arguments.
/// \param metadata an object of strings
/// \throws OutputError, ArgumentError
void write_safetensors(
    const std::filesystem::path& path,
    const std::map<std::string, Tensor>& tensors,
    const Json& metadata = Json::object());

} // namespace mlxaudio
