// SPDX-License-Identifier: MIT
// A model that MLX quantized comes to what MLX's own numbers of it come to in
// f32, with real weights and real speech.

#include <gtest/gtest.h>
#include <mlx/ops.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "audio/write_wav.h"
#include "checkpoint_files.h"
#include "core/atomic_file.h"
#include "core/json.h"
#include "core/safetensors.h"
#include "models/whisper/load_model.h"
#include "models/whisper/quantized_weights.h"
#include "recipes.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

namespace fs = std::filesystem;
namespace mx = mlx::core;

class Quantized : public testing::Test {
 protected:
  void SetUp() override {
    MLXAUDIO_NEEDS(lack_of_model("tiny.en"));
    const Recipes recipes(read_golden("transcripts-tiny.en.json"));
    MLXAUDIO_NEEDS(recipes.lack_of("librivox-0880"));
    audio_ = recipes.make("librivox-0880");
    tensors_ =
        read_safetensors(model_dir("tiny.en") / "model.safetensors").tensors;
  }

  /// A folder of tensors, and how they are packed.
  fs::path write(
      const std::string& name,
      const Tensors& tensors,
      const std::optional<Quantization>& quantization) const {
    const fs::path folder = folder_.path() / name;
    fs::create_directory(folder);
    Json config = read_json(model_dir("tiny.en") / "config.json");
    if (quantization) {
      config["quantization"] = to_json(*quantization);
    }
    write_file(folder / "config.json", config.dump());
    write_safetensors(folder / "model.safetensors", tensors);
    return folder;
  }

  /// As packed by MLX, and its numbers as MLX gives them.
  struct Pair {
    fs::path packed, wide;
  };
  Pair write_pair(
      const Quantization& quantization,
      std::optional<DType> dtype = std::nullopt) const {
    const Tensors packed = whisper::quantized::pack(
        dtype ? cast(tensors_, *dtype) : tensors_,
        quantization);
    return {
        write("packed", packed, quantization),
        write(
            "wide",
            whisper::quantized::unpack(packed, quantization),
            std::nullopt)};
  }

  std::string text_of(const fs::path& model, Compute compute) const {
    TranscribeOptions options;
    options.temperature = {0};
    return SpeechToText::load(model.string(), {.compute = compute})
        .transcribe(audio_, options)
        .text;
  }

  void expect_same_model(const Pair& pair) const {
    const auto logits_of = [&](const fs::path& path) {
      const auto net = whisper::load_model(path);
      const mx::array mel = first_window(audio_, net.dims.n_mels);
      const mx::array tokens({50257, 50362, 314, 407, 423}, {1, 5});
      mx::array logits = net(mx::expand_dims(mel, 0), tokens);
      logits.eval();
      return logits;
    };
    const mx::array wide = logits_of(pair.wide);
    const double apart = l2_norm(mx::subtract(logits_of(pair.packed), wide));
    EXPECT_LT(apart, 2e-5 * l2_norm(wide));
    const std::string text = text_of(pair.packed, Compute::f32);
    EXPECT_GT(text.size(), 10U);
    EXPECT_EQ(text, text_of(pair.wide, Compute::f32));
  }

  Audio audio_;
  Tensors tensors_;
  TemporaryFolder folder_;
};

TEST_F(Quantized, In8BitsIsItsNumbers) {
  expect_same_model(write_pair({{64, 8}, {}}));
}

TEST_F(Quantized, In4BitsIsItsNumbers) {
  expect_same_model(write_pair({{64, 4}, {}}));
}

TEST_F(Quantized, AsOldConvertersWroteItIsTheSameTensors) {
  const Pair pair = write_pair({{64, 4}, {}});
  const auto packed = whisper::load_checkpoint(pair.packed);
  const fs::path folder = write("npz", {}, packed.quantization);
  fs::remove(folder / "model.safetensors");
  write_npz(folder / "weights.npz", packed.weights.tensors);
  const auto old = whisper::load_checkpoint(folder);
  EXPECT_EQ(old.parameters, packed.parameters);
  EXPECT_EQ(old.parameters, whisper::load_checkpoint(pair.wide).parameters);
  ASSERT_EQ(old.weights.tensors.size(), packed.weights.tensors.size());
  for (const auto& [name, tensor] : packed.weights.tensors) {
    const Tensor& other = old.weights.tensors.at(name);
    EXPECT_EQ(other.dtype, tensor.dtype) << name;
    EXPECT_EQ(other.shape, tensor.shape) << name;
    EXPECT_TRUE(std::ranges::equal(other.bytes, tensor.bytes)) << name;
  }
}

TEST_F(Quantized, InOtherGroupsAndMixedBitsWithScalesInF32) {
  expect_same_model(write_pair(
      {{32, 4},
       {{"decoder.token_embedding", {128, 8}},
        {"encoder.blocks.0.mlp1", {64, 8}}}},
      DType::f32));
}

TEST_F(Quantized, HasTheTextOfF32InInt8) {
  const Pair pair = write_pair({{64, 8}, {}});
  EXPECT_EQ(
      text_of(pair.packed, Compute::int8),
      text_of(pair.packed, Compute::f32));
}

TEST_F(Quantized, IsTheSameFileByFileAndTogether) {
  const Pair pair = write_pair({{64, 4}, {}});
  const auto model = SpeechToText::load(pair.packed.string());
  TranscribeOptions options;
  options.temperature = {0};
  const fs::path clip = folder_.path() / "clip.wav";
  write_wav(clip, audio_);
  const std::vector<fs::path> twice{clip, clip, clip};
  const auto alone = model.transcribe(clip, options);
  for (const auto& outcome : model.transcribe_all(twice, 3, options)) {
    ASSERT_TRUE(outcome.transcription);
    expect_same_tokens(*outcome.transcription, alone);
    EXPECT_EQ(
        outcome.transcription->segments.front().avg_logprob,
        alone.segments.front().avg_logprob);
  }
}

} // namespace
} // namespace mlxaudio::e2e
