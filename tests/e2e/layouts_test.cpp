// SPDX-License-Identifier: MIT
// The same weights in every layout and type that we read give the same
// transcription.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "checkpoint_files.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/safetensors.h"
#include "models/whisper/config.h"
#include "recipes.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

namespace fs = std::filesystem;

class Layouts : public testing::Test {
 protected:
  void SetUp() override {
    MLXAUDIO_NEEDS(lack_of_model("tiny.en"));
    const Recipes recipes(read_golden("transcripts-tiny.en.json"));
    MLXAUDIO_NEEDS(recipes.lack_of("librivox-0880"));
    audio_ = recipes.make("librivox-0880");
    const fs::path ours = model_dir("tiny.en");
    tensors_ = read_safetensors(ours / "model.safetensors").tensors;
    const fs::path config = ours / "config.json";
    dims_ = whisper::read_dimensions(read_json(config), config);
  }

  const fs::path& folder() const {
    return folder_.path();
  }

  Transcription transcribe(const fs::path& path) const {
    return SpeechToText::load(path.string()).transcribe(audio_);
  }

  void expect_same_as_ours(const fs::path& path) const {
    const auto ours = model("tiny.en").transcribe(audio_);
    ASSERT_FALSE(ours.segments.empty());
    expect_same_tokens(transcribe(path), ours);
  }

  Tensors tensors_;
  whisper::ModelDimensions dims_;
  Audio audio_;

 private:
  TemporaryFolder folder_;
};

TEST_F(Layouts, CTranslate2FolderAsPackaged) {
  const fs::path packaged = cache_dir() / "weights/tiny.en";
  if (!fs::exists(packaged)) {
    MLXAUDIO_NEEDS(packaged.string() + " is missing: run `make setup`");
  }
  expect_same_as_ours(packaged);
}

TEST_F(Layouts, MlxSafetensors) {
  write_mlx_config(folder(), dims_);
  write_safetensors(folder() / "weights.safetensors", tensors_);
  expect_same_as_ours(folder());
}

TEST_F(Layouts, MlxSafetensorsFloat32) {
  write_mlx_config(folder(), dims_);
  write_safetensors(
      folder() / "weights.safetensors",
      cast(tensors_, DType::f32));
  expect_same_as_ours(folder());
}

TEST_F(Layouts, MlxNpz) {
  write_mlx_config(folder(), dims_);
  write_npz(folder() / "weights.npz", tensors_);
  expect_same_as_ours(folder());
}

TEST_F(Layouts, MlxWithoutTheEncodersPositionTable) {
  // MLX's files lack it, and the computed one is not the rounded one: other
  // last digits, the same words.
  write_mlx_config(folder(), dims_);
  write_safetensors(folder() / "weights.safetensors", mlx_tensors(tensors_));
  EXPECT_EQ(
      transcribe(folder()).text,
      model("tiny.en").transcribe(audio_).text);
}

TEST_F(Layouts, TransformersSafetensors) {
  write_transformers_config(folder(), dims_);
  write_safetensors(
      folder() / "model.safetensors",
      transformers_tensors(openai_tensors(tensors_)));
  expect_same_as_ours(folder());
}

TEST_F(Layouts, TransformersFloat32WithTheTiedOutput) {
  write_transformers_config(folder(), dims_);
  auto theirs =
      cast(transformers_tensors(openai_tensors(tensors_)), DType::f32);
  theirs.emplace(
      "proj_out.weight",
      theirs.at("model.decoder.embed_tokens.weight"));
  write_safetensors(folder() / "model.safetensors", theirs);
  expect_same_as_ours(folder());
}

TEST_F(Layouts, TransformersShards) {
  write_transformers_config(folder(), dims_);
  write_sharded(folder(), transformers_tensors(openai_tensors(tensors_)));
  expect_same_as_ours(folder());
}

TEST_F(Layouts, OpenAIPt) {
  const fs::path file = folder() / "tiny.en.pt";
  write_pt(file, dims_, openai_tensors(tensors_));
  expect_same_as_ours(file);
}

TEST_F(Layouts, OpenAIPtFloat32) {
  const fs::path file = folder() / "tiny.en.pt";
  write_pt(file, dims_, cast(openai_tensors(tensors_), DType::f32));
  expect_same_as_ours(file);
}

TEST_F(Layouts, Bfloat16IsItsValuesInFloat32) {
  // Rounding to bf16 changes the model, so the comparison is with a float32
  // file of the rounded values.
  const Tensors rounded = cast(tensors_, DType::bf16);
  const fs::path narrow = folder() / "bf16";
  const fs::path wide = folder() / "f32";
  for (const auto& [path, tensors] :
       {std::pair{narrow, rounded},
        std::pair{wide, cast(rounded, DType::f32)}}) {
    fs::create_directory(path);
    write_mlx_config(path, dims_);
    write_safetensors(path / "weights.safetensors", tensors);
  }
  const auto a = transcribe(narrow);
  ASSERT_FALSE(a.segments.empty());
  expect_same_tokens(a, transcribe(wide));
}

} // namespace
} // namespace mlxaudio::e2e
