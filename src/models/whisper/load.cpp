// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/__init__.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "models/whisper/load.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/ctranslate2.h"
#include "core/npz.h"
#include "core/paths.h"
#include "core/safetensors.h"
#include "core/torch_file.h"
#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

namespace {

namespace fs = std::filesystem;

/// Files of weights that a folder may hold. The first that is there is taken.
constexpr std::array<std::string_view, 4> kWeightFiles{
    "weights.safetensors",
    "weights.npz",
    "model.safetensors",
    "model.safetensors.index.json"};

Checkpoint read_weights(const fs::path& file) {
  if (file.extension() == ".npz")
    return read_npz(file);
  if (file.extension() == ".json")
    return read_safetensors_index(file);
  return read_safetensors(file);
}

bool is_file(const fs::path& path) {
  std::error_code ec;
  return fs::is_regular_file(path, ec);
}

/// The heads of an integer tensor [n, 2], which MLX's oldest conversions have.
std::optional<AlignmentHeads> alignment_heads_tensor(
    const Checkpoint& checkpoint, const ModelDimensions& dims) {
  const auto found = checkpoint.tensors.find("alignment_heads");
  if (found == checkpoint.tensors.end())
    return std::nullopt;
  const Tensor& tensor = found->second;
  if (tensor.shape.size() != 2 || tensor.shape[1] != 2 ||
      (tensor.dtype != DType::i32 && tensor.dtype != DType::i64))
    throw ConfigError(fmt::format(
        "[whisper.load] {}: the tensor alignment_heads is no list of pairs of "
        "whole numbers, layer and head: take it out, or give alignment_heads "
        "in config.json",
        checkpoint.path.string()));
  Json list = Json::array();
  for (std::int64_t i = 0; i < tensor.shape[0]; ++i) {
    Json pair = Json::array();
    for (std::int64_t j = 0; j < 2; ++j) {
      const auto at = static_cast<std::size_t>(2 * i + j);
      pair.push_back(
          tensor.dtype == DType::i32
              ? std::int64_t{tensor.as<std::int32_t>()[at]}
              : tensor.as<std::int64_t>()[at]);
    }
    list.push_back(std::move(pair));
  }
  return read_alignment_heads(
      {{"alignment_heads", std::move(list)}},
      dims,
      checkpoint.path);
}

/// How many parameters a tensor holds: packed ones several in a number, and
/// scales and biases of groups none.
std::uint64_t parameters_in(
    const std::string& name,
    const Tensor& tensor,
    const std::optional<Quantization>& quantization) {
  constexpr int kPackedBits = 32;
  if (name.ends_with(".scales") || name.ends_with(".biases"))
    return 0;
  const auto size = static_cast<std::uint64_t>(tensor.size());
  if (tensor.dtype != DType::u32)
    return size;
  const int bits = quantization->of(name.substr(0, name.rfind('.'))).bits;
  return size * static_cast<std::uint64_t>(kPackedBits / bits);
}

LoadedCheckpoint finish(
    const fs::path& path,
    Checkpoint checkpoint,
    Layout layout,
    const ModelDimensions& dims,
    std::optional<AlignmentHeads> heads,
    std::optional<Quantization> quantization = {}) {
  LoadedCheckpoint out{
      .path = path,
      .layout = layout,
      .dims = dims,
      // NOLINTNEXTLINE(bugprone-use-after-move): members come in their order
      .weights = sanitize(std::move(checkpoint), layout, dims, quantization),
      .alignment_heads = {},
      .has_alignment_heads = heads.has_value(),
      .quantization = std::move(quantization),
  };
  out.alignment_heads =
      heads ? std::move(*heads) : default_alignment_heads(dims);
  std::map<DType, std::int64_t> elements;
  for (const auto& [name, tensor] : out.weights.tensors) {
    if (name == "encoder.positional_embedding")
      continue; // a constant, not learnt
    if (tensor.dtype != DType::u32)
      elements[tensor.dtype] += tensor.size();
    out.parameters += parameters_in(name, tensor, out.quantization);
  }
  std::int64_t most = 0;
  for (const auto& [dtype, count] : elements)
    if (count > most) {
      most = count;
      out.weight_type = dtype;
    }
  return out;
}

/// \param as the path that the user gave
LoadedCheckpoint load_ctranslate2(const fs::path& as, const fs::path& file) {
  Checkpoint checkpoint = read_ctranslate2(file);
  if (checkpoint.metadata["spec"] != "WhisperSpec")
    throw WeightError(fmt::format(
        "[whisper.load] {}: a CTranslate2 model, but of {}, not Whisper",
        file.string(),
        checkpoint.metadata["spec"].dump()));
  // Before the dimensions: a quantized variable has other names.
  const Layout layout = layout_of(checkpoint);
  const ModelDimensions dims = read_dimensions_ctranslate2(checkpoint);
  std::optional<AlignmentHeads> heads;
  const fs::path config = file.parent_path() / "config.json";
  if (is_file(config))
    heads = read_alignment_heads(read_json(config), dims, config);
  return finish(as, std::move(checkpoint), layout, dims, std::move(heads));
}

/// As the reference's constructor, which takes its own fields alone.
void refuse_other_dimensions(const Json& dims, const fs::path& path) {
  std::set<std::string> known;
  const ModelDimensions any;
  ModelDimensions::fields(any, [&](const char* name, int, int) {
    known.insert(name);
  });
  for (const auto& [name, value] : dims.items())
    if (!known.contains(name))
      throw ConfigError(fmt::format(
          "[whisper.load] {}: \"{}\" is no dimension of Whisper's: not one of "
          "OpenAI's checkpoints",
          path.string(),
          name));
}

LoadedCheckpoint load_torch(const fs::path& path) {
  Checkpoint checkpoint = read_torch(path);
  if (!checkpoint.metadata.contains("dims"))
    throw WeightError(fmt::format(
        "[whisper.load] {}: no \"dims\" beside the weights: not one of "
        "OpenAI's checkpoints",
        path.string()));
  refuse_other_dimensions(checkpoint.metadata["dims"], path);
  const ModelDimensions dims =
      read_dimensions(checkpoint.metadata["dims"], path);
  const Layout layout = layout_of(checkpoint);
  return finish(path, std::move(checkpoint), layout, dims, std::nullopt);
}

/// The weights of a folder.
fs::path weight_file(const fs::path& folder) {
  for (const std::string_view name : kWeightFiles)
    if (is_file(folder / name))
      return folder / name;
  const bool torch = is_file(folder / "pytorch_model.bin");
  throw WeightError(fmt::format(
      "[whisper.load] {}: no weights.safetensors, weights.npz, "
      "model.safetensors or model.safetensors.index.json{}",
      folder.string(),
      torch ? ": pytorch_model.bin is not read, save the model with "
              "safe_serialization=True"
            : ""));
}

/// \param as the path that the user gave
/// \param file weights that lie in the folder
LoadedCheckpoint load_folder(
    const fs::path& as,
    const fs::path& path,
    std::optional<fs::path> file = {}) {
  if (!file && is_file(path / "model.bin"))
    return load_ctranslate2(as, path / "model.bin");
  const fs::path config_file = path / "config.json";
  if (!is_file(config_file))
    throw ConfigError(fmt::format(
        "[whisper.load] {}: no config.json (nor CTranslate2's model.bin): not "
        "the folder of a model",
        path.string()));
  const Json config = read_json(config_file);
  const ModelDimensions dims = read_dimensions(config, config_file);

  if (!file)
    file = weight_file(path);
  Checkpoint checkpoint = read_weights(*file);
  const Layout layout = layout_of(checkpoint);

  // In order of authority: the configuration, Transformers' second one, and
  // the tensor of old conversions.
  auto heads = read_alignment_heads(config, dims, config_file);
  const fs::path generation = path / "generation_config.json";
  if (!heads && is_file(generation))
    heads = read_alignment_heads(read_json(generation), dims, generation);
  if (!heads)
    heads = alignment_heads_tensor(checkpoint, dims);
  // Converters may leave the object where nothing is quantized any more.
  auto quantization = is_quantized(checkpoint)
                          ? read_quantization(config, config_file)
                          : std::nullopt;
  return finish(
      as,
      std::move(checkpoint),
      layout,
      dims,
      std::move(heads),
      std::move(quantization));
}

} // namespace

fs::path weight_file_of(const fs::path& checkpoint) {
  std::error_code ec;
  if (!fs::is_directory(checkpoint, ec))
    return checkpoint;
  if (is_file(checkpoint / "model.bin"))
    return checkpoint / "model.bin";
  return weight_file(checkpoint);
}

LoadedCheckpoint load_checkpoint(const fs::path& path) {
  std::error_code ec;
  if (fs::is_directory(path, ec))
    return load_folder(path, path);
  if (!fs::exists(path, ec))
    throw WeightError(
        fmt::format("[whisper.load] {}: there is no such file", path.string()));
  if (path.filename() == "model.bin")
    return load_ctranslate2(path, path);
  // A file of weights says nothing of the dimensions: config.json beside it
  // does.
  if (path.extension() == ".safetensors" || path.extension() == ".npz" ||
      path.filename() == kWeightFiles.back())
    return load_folder(
        path,
        path.has_parent_path() ? path.parent_path() : fs::path("."),
        path);
  return load_torch(path);
}

fs::path find_vocabulary(
    const fs::path& checkpoint,
    const ModelDimensions& dims,
    bool prefer_reference) {
  const std::string tiktoken =
      dims.is_multilingual() ? "multilingual.tiktoken" : "gpt2.tiktoken";
  std::error_code ec;
  const fs::path folder =
      fs::is_directory(checkpoint, ec) ? checkpoint : checkpoint.parent_path();
  std::vector<fs::path> places{folder / tiktoken};
  std::vector<fs::path> own{folder / "tokenizer.json", folder / "vocab.json"};
  std::vector<fs::path> reference{cache_dir() / "vocab" / tiktoken};
  for (const fs::path& share : share_dirs())
    reference.push_back(share / "whisper" / tiktoken);
  if (prefer_reference)
    own.swap(reference);
  places.insert(places.end(), own.begin(), own.end());
  places.insert(places.end(), reference.begin(), reference.end());
  for (const fs::path& place : places) {
    if (!is_file(place))
      continue;
    if (place.filename() == "vocab.json" && !is_file(folder / "merges.txt"))
      continue;
    return place;
  }
  throw TokenError(fmt::format(
      "[whisper.load] {}: no vocabulary: {} is neither there, nor in {}, nor "
      "installed: run `make models`, or copy it from the package "
      "openai-whisper into the model's folder",
      checkpoint.string(),
      tiktoken,
      (cache_dir() / "vocab").string()));
}

} // namespace mlxaudio::whisper
