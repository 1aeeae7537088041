// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/json.h"

namespace mlxaudio {

/// How a checkpoint's linear layers and embeddings are packed that have
/// `scales` and `biases` beside their weights: in MLX's affine quantization.
struct Quantization {
  struct Packing {
    int group_size = 64; ///< inputs that share a scale and a bias
    int bits = 4;        ///< of a weight

    bool operator==(const Packing&) const = default;
  };

  Packing packing;                       ///< of most layers
  std::map<std::string, Packing> layers; ///< of others, by their paths

  const Packing& of(const std::string& path) const;
};

/// The object "quantization" of a configuration, else "quantization_config",
/// as MLX's converters write it: group_size, bits, mode, and entries of layers
/// that differ.
/// \param file names it in errors
/// \throws ConfigError if it is malformed; UnsupportedError for another mode
///   than affine, bits other than 8 and 4, groups other than 32, 64 and 128
std::optional<Quantization> read_quantization(
    const Json& config, const std::filesystem::path& file);

/// The object as a configuration has it.
Json to_json(const Quantization& quantization);

} // namespace mlxaudio
