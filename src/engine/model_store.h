// SPDX-License-Identifier: MIT
// The table of models follows openai-whisper (whisper/__init__.py), Copyright
// (c) 2022 OpenAI, https://github.com/openai/whisper, MIT: see
// licenses/whisper.txt.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/tensor.h"
#include "mlxaudio/load.h"
#include "models/whisper/config.h"
#include "models/whisper/import.h"

namespace mlxaudio::engine {

/// Weights that `make models` fetches and converts: no hub is needed.
struct PackagedWeights {
  std::string_view origin; ///< where they come from
  std::string_view license;
  std::string_view checked; ///< how we know that they are what they say
  std::string_view sha256;  ///< of the fetched `model.bin`
};

/// A model that is known by name.
struct CatalogueEntry {
  std::string_view name;
  /// The entry that this is another name of ("large": "large-v3").
  std::string_view same_as;
  whisper::ModelDimensions dims;
  /// Of OpenAI's `.pt`; empty where it did not publish one.
  std::string_view openai_sha256;
  const PackagedWeights* packaged = nullptr;
};

/// All models known by name: OpenAI's, in the reference's order, then the
/// distilled ones.
std::span<const CatalogueEntry> catalogue();

/// The entry of a name, other names resolved; null if there is none.
const CatalogueEntry* find_in_catalogue(std::string_view name);

/// Where models that were imported lie: a folder for each.
std::filesystem::path models_dir();

/// Finds the checkpoint that a user means: an imported model or one of the
/// catalogue, else an existing folder or file.
/// \throws ConfigError that lists what there is and names the mend
std::filesystem::path resolve_model(const std::string& name_or_path);

/// A line of `mlx-audio models list`.
struct ModelListing {
  std::string name;
  std::string same_as; ///< the model that this is another name of, or empty
  bool installed = false;
  bool packaged = false; ///< `make models` gets it
  bool multilingual = false;
  std::uint64_t parameters = 0; ///< 0 if an imported model cannot be read
  std::filesystem::path path;   ///< where it lies or would lie
};

/// The catalogue, then what else was imported.
std::vector<ModelListing> list_models();

/// What `mlx-audio models info` shows.
struct ModelDetails {
  /// Without a path, and by the catalogue's dimensions, if not installed.
  ModelInfo info;
  bool installed = false;
  std::string layout; ///< of the checkpoint: "MLX", "CTranslate2", ...
  /// How its quantized layers are packed, if it has any.
  std::optional<Quantization> quantization;
  whisper::AlignmentHeads alignment_heads;
  /// Origin, licence, how it was checked, checksums: what is known, in an
  /// order for reading.
  std::vector<std::pair<std::string, std::string>> provenance;
};

/// \throws ConfigError, WeightError if there is no such model or it is damaged
ModelDetails model_info(const std::string& name_or_path);

/// Information on a checkpoint that is loaded.
/// \param name as the user gave it
ModelInfo describe(
    const std::string& name, const whisper::LoadedCheckpoint& checkpoint);

/// Gives a checkpoint the alignment heads of an official model, if it names
/// none itself. The distilled models have none to give.
///
/// \port whisper.load_model
/// \throws ArgumentError if no model has this name; ConfigError if the heads
///   are not those of a model of this size
void use_official_heads(
    whisper::LoadedCheckpoint& checkpoint, const std::string& name);

/// Imports a checkpoint as `models/<name>/` of the cache; see
/// whisper::import_model(). Says in `provenance.json` what the catalogue knows
/// of a source with this checksum.
/// \param dtype empty: each weight keeps its type
/// \throws ArgumentError for a name that is no file name, or that the
/// catalogue has for a model of other dimensions; and what import_model throws
whisper::ImportReport import_named(
    const std::filesystem::path& source,
    const std::string& name,
    std::optional<DType> dtype = DType::f16);

} // namespace mlxaudio::engine
