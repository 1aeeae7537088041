// SPDX-License-Identifier: MIT
#include "portproof/golden.h"

#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/half.h"
#include "core/safetensors.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::DType;
using mlxaudio::Json;
using mlxaudio::Tensor;

std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// In [-1, 1) in steps of 2^-10, so that f16 holds it exactly.
double unit(std::uint64_t seed, std::uint64_t i) {
  const auto top = static_cast<double>(splitmix64(seed + i) >> 53);
  return (top - 1024) / 1024;
}

template <class T>
Tensor tensor_of(
    std::vector<T> values, DType dtype, std::vector<std::int64_t> shape) {
  const auto owner = std::make_shared<std::vector<T>>(std::move(values));
  Tensor t;
  t.dtype = dtype;
  t.shape = std::move(shape);
  t.bytes = std::as_bytes(std::span(*owner));
  t.owner = owner;
  return t;
}

bool is_reference(const Json& value, const char* key) {
  return value.is_object() && value.size() == 1 && value.contains(key);
}

} // namespace

Tensor random_array(const Json& d) {
  try {
    const auto seed = d.at("seed").get<std::uint64_t>();
    const auto shape = d.at("shape").get<std::vector<std::int64_t>>();
    const auto dtype = d.at("dtype").get<std::string>();
    const double scale = d.at("scale");
    const double offset = d.value("offset", 0.0);
    std::int64_t n = 1;
    for (const std::int64_t s : shape) {
      n *= s;
    }
    if (n < 0 || n > (std::int64_t{1} << 28)) {
      throw ConfigError("[portproof] a $random array is absurdly large");
    }
    std::vector<float> values(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(unit(seed, i) * scale + offset);
    }
    if (dtype == "F32") {
      return tensor_of(std::move(values), DType::f32, shape);
    }
    if (dtype == "F16") {
      std::vector<std::uint16_t> halves(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) {
        halves[i] = mlxaudio::to_f16(values[i]);
      }
      return tensor_of(std::move(halves), DType::f16, shape);
    }
    throw ConfigError(
        fmt::format("[portproof] $random: `{}` is neither F32 nor F16", dtype));
  } catch (const Json::exception& e) {
    throw ConfigError(fmt::format("[portproof] $random: {}", e.what()));
  }
}

Json expand(const Json& value, std::map<std::string, Tensor>& arrays) {
  if (is_reference(value, "$random")) {
    const Json& description = value.at("$random");
    const std::string name =
        "random." + mlxaudio::sha256(description.dump()).substr(0, 16);
    if (!arrays.contains(name)) {
      arrays.emplace(name, random_array(description));
    }
    return {{"$array", name}};
  }
  if (value.is_object() || value.is_array()) {
    Json out = value;
    for (auto& [key, inner] : out.items()) {
      inner = expand(inner, arrays);
    }
    return out;
  }
  return value;
}

std::vector<std::string> array_names(const Json& value) {
  if (is_reference(value, "$array")) {
    return {value.at("$array").get<std::string>()};
  }
  std::vector<std::string> out;
  if (value.is_object() || value.is_array()) {
    for (const auto& [key, inner] : value.items()) {
      for (std::string& name : array_names(inner)) {
        out.push_back(std::move(name));
      }
    }
  }
  return out;
}

bool Golden::has_oracle(const std::string& key) const {
  for (const Call& call : calls) {
    if (call.oracle == key) {
      return true;
    }
  }
  return false;
}

namespace {

/// The value with `prefix` before the names of its arrays.
Json renamed(const Json& value, const std::string& prefix) {
  if (is_reference(value, "$array")) {
    return {{"$array", prefix + value.at("$array").get<std::string>()}};
  }
  Json out = value;
  if (value.is_object() || value.is_array()) {
    for (auto& [key, inner] : out.items()) {
      inner = renamed(inner, prefix);
    }
  }
  return out;
}

void collect_seeds(const Json& value, std::set<std::uint64_t>& into) {
  if (is_reference(value, "$random")) {
    into.insert(value.at("$random").value("seed", std::uint64_t{0}));
  } else if (value.is_object() || value.is_array()) {
    for (const auto& [key, inner] : value.items()) {
      collect_seeds(inner, into);
    }
  }
}

} // namespace

void Golden::add(const Golden& other, const std::string& prefix) {
  for (const Call& call : other.calls) {
    calls.push_back(
        {prefix + call.id,
         call.oracle,
         renamed(call.args, prefix),
         renamed(call.result, prefix),
         renamed(call.taps, prefix),
         call.from});
  }
  for (const auto& [name, array] : other.arrays) {
    arrays.emplace(prefix + name, array);
  }
  sha256 = mlxaudio::sha256(sha256 + '\n' + prefix + other.sha256);
  if (mlx != other.mlx) {
    mlx += " and " + other.mlx; // which `verify` refuses
  }
}

std::set<std::uint64_t> Golden::seeds() const {
  std::set<std::uint64_t> out;
  for (const Call& call : calls) {
    collect_seeds(call.args, out);
  }
  return out;
}

std::filesystem::path golden_path(
    const std::filesystem::path& folder, const std::string& component) {
  return folder / (component + ".json");
}

Golden Golden::load(const std::filesystem::path& manifest) {
  Golden g;
  g.path = manifest;
  Json json = mlxaudio::read_json(manifest);
  try {
    g.sha256 = json.at("sha256");
    json.erase("sha256");
    if (mlxaudio::sha256(json.dump()) != g.sha256) {
      throw ConfigError(fmt::format(
          "[portproof] {} was edited since it was recorded: record it "
          "anew with `portproof trace`",
          manifest.string()));
    }
    g.component = json.at("component");
    g.mlx = json.at("made_with").value("mlx", "");
    for (const Json& c : json.at("calls")) {
      g.calls.push_back(
          {c.at("id"),
           c.at("oracle"),
           c.at("args"),
           c.at("result"),
           c.value("taps", Json()),
           c.value("from", "")});
    }
    if (const Json arrays = json.value("arrays", Json()); !arrays.is_null()) {
      const auto path =
          manifest.parent_path() / arrays.at("file").get<std::string>();
      if (mlxaudio::sha256_file(path) !=
          arrays.at("sha256").get<std::string>()) {
        throw ConfigError(fmt::format(
            "[portproof] {} was edited or cut since it was recorded: "
            "record it anew with `portproof trace`",
            path.string()));
      }
      g.arrays = mlxaudio::read_safetensors(path).tensors;
    }
    for (const Call& call : g.calls) {
      for (const Json* part : {&call.args, &call.result, &call.taps}) {
        for (const std::string& name : array_names(*part)) {
          if (!g.arrays.contains(name)) {
            throw ConfigError(fmt::format(
                "[portproof] {}: call {} refers to an array {} that is "
                "not there",
                manifest.string(),
                call.id,
                name));
          }
        }
      }
    }
  } catch (const Json::exception& e) {
    throw ConfigError(
        fmt::format("[portproof] {}: {}", manifest.string(), e.what()));
  }
  return g;
}

} // namespace portproof
