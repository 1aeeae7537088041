// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/json.h"
#include "core/tensor.h"
#include "models/whisper/load.h"

namespace mlxaudio::whisper {

/// How to import a checkpoint.
struct ImportOptions {
  /// The folder to make; one that is there is replaced.
  std::filesystem::path target;
  /// The type of the weights that are not packed; empty: each keeps its own.
  std::optional<DType> dtype = DType::f16;
  /// Whether to copy the reference's vocabulary even if the checkpoint brings
  /// one of its own in another form.
  bool prefer_reference_vocabulary = false;
  /// Said in `provenance.json` besides what the import itself knows, such as
  /// `origin` and `licence`.
  Json provenance = Json::object();
  /// Heads for a checkpoint that names none.
  std::optional<AlignmentHeads> alignment_heads;
};

/// What an import did.
struct ImportReport {
  std::filesystem::path target;
  Layout layout; ///< of the source
  ModelDimensions dims;
  DType weight_type; ///< as written, of those that are not packed
  std::size_t tensors = 0;
  std::uint64_t parameters = 0;
  std::uint64_t bytes = 0;   ///< of model.safetensors
  std::string source_sha256; ///< of the file of weights
  std::string sha256;        ///< of model.safetensors
};

/// Converts a checkpoint of any layout that load_checkpoint() knows to ours:
/// a folder of `config.json`, `model.safetensors`, the vocabulary and
/// `provenance.json`, which appears whole or not at all. The same source gives
/// the same bytes.
/// \throws WeightError, ConfigError, TokenError for the source, also if a
/// weight does not fit the type; OutputError for the target
ImportReport import_model(
    const std::filesystem::path& source, const ImportOptions& options);

/// A tensor in another type of float; one of packed weights as it is.
/// \param name says in errors which tensor it is
/// \throws WeightError if a finite number becomes infinite
Tensor convert(const Tensor& tensor, DType dtype, const std::string& name);

} // namespace mlxaudio::whisper
