// SPDX-License-Identifier: MIT
#include "nn/quantization.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "mlxaudio/error.h"

namespace mlxaudio {
namespace {

constexpr const char* kKey = "quantization";

class QuantizationReader {
 public:
  explicit QuantizationReader(const std::filesystem::path& file)
      : file_(file) {}

  Quantization read(const Json& entry) const {
    const std::string where = fmt::format("\"{}\"", kKey);
    if (!entry.is_object()) {
      refuse(where + " is not an object: give it group_size and bits");
    }
    if (!entry.contains("bits")) {
      refuse(where + " has no \"bits\": say how many a weight has, 8 or 4");
    }
    Quantization out{packing_of(entry, where), {}};
    for (const auto& [path, layer] : entry.items()) {
      if (layer.is_object()) {
        out.layers.emplace(
            path,
            packing_of(layer, fmt::format("\"{}\" of {}", path, where)));
      }
    }
    return out;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw ConfigError(
        fmt::format("[nn.quantization] {}: {}", file_.string(), why));
  }

  /// What an entry lacks is MLX's default.
  Quantization::Packing packing_of(
      const Json& entry, const std::string& where) const {
    if (entry.contains("mode") && entry["mode"] != "affine") {
      throw UnsupportedError(fmt::format(
          "[nn.quantization] {}: {} has the mode {}, and only \"affine\" is "
          "read: convert the model with --q-mode affine",
          file_.string(),
          where,
          text_of(entry["mode"])));
    }
    Quantization::Packing packing;
    packing.bits = number(entry, "bits", packing.bits, {8, 4}, where);
    packing.group_size =
        number(entry, "group_size", packing.group_size, {32, 64, 128}, where);
    return packing;
  }

  int number(
      const Json& entry,
      const char* name,
      int otherwise,
      std::initializer_list<int> known,
      const std::string& where) const {
    if (!entry.contains(name) || entry[name].is_null()) {
      return otherwise;
    }
    if (!entry[name].is_number_integer()) {
      refuse(fmt::format(
          "\"{}\" in {} is {}, not a whole number: write one of {}",
          name,
          where,
          text_of(entry[name]),
          fmt::join(known, ", ")));
    }
    const auto given = entry[name].get<std::int64_t>();
    if (std::find(known.begin(), known.end(), given) == known.end()) {
      throw UnsupportedError(fmt::format(
          "[nn.quantization] {}: \"{}\" in {} is {}, and only {} are read: "
          "convert the model anew with one of these",
          file_.string(),
          name,
          where,
          text_of(entry[name]),
          fmt::join(known, ", ")));
    }
    return static_cast<int>(given);
  }

  static std::string text_of(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  const std::filesystem::path& file_;
};

} // namespace

const Quantization::Packing& Quantization::of(const std::string& path) const {
  const auto found = layers.find(path);
  return found == layers.end() ? packing : found->second;
}

std::optional<Quantization> read_quantization(
    const Json& config, const std::filesystem::path& file) {
  for (const char* key : {kKey, "quantization_config"}) {
    if (config.is_object() && config.contains(key) && !config[key].is_null()) {
      return QuantizationReader(file).read(config[key]);
    }
  }
  return std::nullopt;
}

Json to_json(const Quantization& quantization) {
  const auto object_of = [](const Quantization::Packing& packing) {
    return Json{
        {"group_size", packing.group_size},
        {"bits", packing.bits},
        {"mode", "affine"}};
  };
  Json out = object_of(quantization.packing);
  for (const auto& [path, packing] : quantization.layers) {
    out[path] = object_of(packing);
  }
  return out;
}

} // namespace mlxaudio
