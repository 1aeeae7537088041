// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/expect_error.h"
#include "core/safetensors.h"
#include "core/temp_folder.h"
#include "engine/model_store.h"

namespace mlxaudio::engine {
namespace {

namespace fs = std::filesystem;

fs::path seed(const std::string& name) {
  return fs::path(MLXAUDIO_SOURCE_DIR) / "tests/fuzz/seeds/whisper" / name;
}

/// Writes a checkpoint as small as can be, whose weights are 0.
/// \return its folder
fs::path write_toy(const TempFolder& folder, DType dtype = DType::f16) {
  const whisper::ModelDimensions dims = {
      .n_mels = 4,
      .n_audio_ctx = 1500,
      .n_audio_state = 4,
      .n_audio_head = 2,
      .n_audio_layer = 1,
      .n_vocab = 51864,
      .n_text_ctx = 5,
      .n_text_state = 4,
      .n_text_head = 2,
      .n_text_layer = 2};
  const fs::path toy = folder.path() / ("toy-" + name_of(dtype));
  fs::create_directories(toy);
  Json config = whisper::to_json(dims);
  config["alignment_heads"] = {{0, 1}, {1, 0}};
  folder.write(toy.filename() / "config.json", config.dump());
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, shape, optional] : whisper::parameters_of(dims)) {
    if (!optional) {
      const auto size = static_cast<std::size_t>(*element_count(shape));
      std::vector<std::byte> zeros(size * size_of(dtype));
      tensors[name] = make_tensor(dtype, shape, std::move(zeros));
    }
  }
  write_safetensors(toy / "model.safetensors", tensors);
  return toy;
}

/// An empty cache with the English vocabulary, for one test.
class ModelStore : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* now = std::getenv("MLXAUDIO_CACHE"))
      before_ = now;
    ::setenv("MLXAUDIO_CACHE", folder_.path().c_str(), 1);
    folder_.write("vocab/gpt2.tiktoken", "YQ== 0\n");
  }
  void TearDown() override {
    if (before_)
      ::setenv("MLXAUDIO_CACHE", before_->c_str(), 1);
    else
      ::unsetenv("MLXAUDIO_CACHE");
  }

  TempFolder folder_;

 private:
  std::optional<std::string> before_;
};

TEST(Catalogue, HasEachSizeOnce) {
  std::set<std::string_view> names;
  for (const CatalogueEntry& entry : catalogue()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_NO_THROW(whisper::check_dimensions(entry.dims, "catalogue"));
    const CatalogueEntry* real = find_in_catalogue(entry.name);
    ASSERT_NE(real, nullptr);
    EXPECT_EQ(real->dims, entry.dims) << entry.name;
    EXPECT_EQ(entry.dims.is_multilingual(), !entry.name.ends_with(".en"));
    // Each dump decodes to a mask of just these dimensions.
    const auto dump = whisper::alignment_heads_dump(entry.name);
    EXPECT_EQ(dump.empty(), entry.openai_sha256.empty()) << entry.name;
    if (!dump.empty()) {
      EXPECT_FALSE(whisper::decode_alignment_heads(dump, entry.dims).empty());
    }
  }
  EXPECT_EQ(find_in_catalogue("turbo")->name, "large-v3-turbo");
  EXPECT_EQ(find_in_catalogue("large")->name, "large-v3");
  EXPECT_EQ(find_in_catalogue("huge"), nullptr);
  EXPECT_EQ(find_in_catalogue("large-v3")->dims.num_languages(), 100);
  EXPECT_EQ(find_in_catalogue("large-v2")->dims.num_languages(), 99);
}

TEST_F(ModelStore, SaysHowToGetAModel) {
  expect_error<ConfigError>(
      [] { resolve_model("base"); },
      {"base", "make models"});
  expect_error<ConfigError>(
      [] { resolve_model("turbo"); },
      {"turbo", "models import CHECKPOINT --name large-v3-turbo"});
  expect_error<ConfigError>(
      [] { resolve_model("bse"); },
      {"bse", "neither a model nor a folder or file", "models list"});
}

TEST_F(ModelStore, ImportsUnderANameAndFindsIt) {
  const auto report = import_named(write_toy(folder_), "my-toy");
  EXPECT_EQ(report.target, models_dir() / "my-toy");
  EXPECT_EQ(resolve_model("my-toy"), models_dir() / "my-toy");
  const auto models = list_models();
  EXPECT_EQ(models.size(), catalogue().size() + 1);
  EXPECT_EQ(models.back().name, "my-toy");
  EXPECT_TRUE(models.back().installed);
  EXPECT_EQ(models.back().parameters, report.parameters);
  for (const auto& model : models)
    EXPECT_EQ(model.installed, model.name == "my-toy");
  expect_error<ConfigError>(
      [] { resolve_model("nothing"); },
      {"there are: my-toy"});

  const ModelDetails details = model_info("my-toy");
  EXPECT_TRUE(details.installed);
  EXPECT_EQ(details.info.family, "whisper");
  EXPECT_EQ(details.info.weight_type, "f16");
  EXPECT_EQ(details.info.parameters, report.parameters);
  EXPECT_EQ(details.info.config.front().first, "n_mels");
  EXPECT_EQ(details.info.config.front().second, "4");
  EXPECT_EQ(details.alignment_heads, (whisper::AlignmentHeads{{0, 1}, {1, 0}}));
  EXPECT_EQ(details.provenance.front().first, "origin");
}

TEST_F(ModelStore, TakesFoldersAndFiles) {
  const fs::path toy = write_toy(folder_);
  const fs::path file = toy / "model.safetensors";
  EXPECT_EQ(resolve_model(toy.string()), toy);
  EXPECT_EQ(resolve_model(file.string()), file);
  EXPECT_EQ(model_info(toy.string()).layout, "MLX");
  EXPECT_EQ(model_info(file.string()).layout, "MLX");
}

TEST_F(ModelStore, RefusesWhatNothingCanBeTranscribedWith) {
  const std::string file = seed("toy.pt").string();
  expect_error<ConfigError>(
      [&] { model_info(file); },
      {file, "n_audio_ctx is 6"});
  expect_error<ConfigError>(
      [&] { import_named(file, "toy"); },
      {file, "n_audio_ctx is 6"});
  EXPECT_FALSE(fs::exists(models_dir() / "toy"));
}

TEST_F(ModelStore, AFileHasTheHeadsOfTheNameThatItIsAskedForBy) {
  // As whisper.load_model("tiny.en").alignment_heads.indices() says.
  const whisper::AlignmentHeads
      tiny_en{{1, 0}, {2, 0}, {2, 5}, {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}};
  const whisper::AlignmentHeads
      tiny{{2, 2}, {3, 0}, {3, 2}, {3, 3}, {3, 4}, {3, 5}};
  const auto path = seed("openai/tiny.en.pt");
  const auto by_path = whisper::load_checkpoint(path);
  EXPECT_FALSE(by_path.has_alignment_heads);
  EXPECT_EQ(
      by_path.alignment_heads,
      whisper::default_alignment_heads(by_path.dims));
  const auto asked_for = [&](const std::string& name) {
    auto checkpoint = whisper::load_checkpoint(path);
    use_official_heads(checkpoint, name);
    return checkpoint;
  };
  EXPECT_EQ(asked_for("tiny.en").alignment_heads, tiny_en);
  EXPECT_TRUE(asked_for("tiny.en").has_alignment_heads);
  EXPECT_EQ(asked_for("tiny").alignment_heads, tiny);
  // No heads of theirs are known.
  EXPECT_EQ(
      asked_for("distil-small.en").alignment_heads,
      by_path.alignment_heads);
  expect_error<ConfigError>(
      [&] { asked_for("turbo"); },
      {path.string(), "is not a turbo", "4 layers of 6 heads, not 4 of 20"});
  expect_error<ArgumentError>(
      [&] { asked_for("mine"); },
      {"\"mine\"", "models list"});
}

TEST_F(ModelStore, HeadsThatACheckpointNamesAreKept) {
  auto checkpoint = whisper::load_checkpoint(seed("mlx"));
  const auto own = checkpoint.alignment_heads;
  use_official_heads(checkpoint, "tiny");
  EXPECT_EQ(checkpoint.alignment_heads, own);
}

TEST_F(ModelStore, TellsOfModelsThatAreNotThere) {
  const ModelDetails base = model_info("base");
  EXPECT_FALSE(base.installed);
  EXPECT_EQ(base.info.parameters, 71'825'920u); // as its weights have
  EXPECT_EQ(base.alignment_heads.size(), 8u);
  EXPECT_TRUE(base.info.multilingual);
  EXPECT_EQ(model_info("distil-large-v3").alignment_heads.size(), 20u);
}

TEST_F(ModelStore, RefusesNamesThatMislead) {
  for (const std::string name : {"", ".x", "a/b", "../x", "a b"})
    expect_error<ArgumentError>(
        [&] { import_named(seed("mlx"), name); },
        {"cannot be a model's name"});
  expect_error<ArgumentError>(
      [] { import_named(seed("mlx"), "base"); },
      {"is not a base", "n_mels is 4, not 80"});
  expect_error<ArgumentError>(
      [] { import_named(seed("mlx"), "turbo"); },
      {"large-v3-turbo"});
}

TEST_F(ModelStore, ADamagedModelHidesNoOther) {
  import_named(write_toy(folder_), "good");
  folder_.write("models/bad/config.json", "{");
  const auto models = list_models();
  EXPECT_EQ(models[models.size() - 2].name, "bad");
  EXPECT_EQ(models[models.size() - 2].parameters, 0u);
  EXPECT_EQ(models.back().name, "good");
  EXPECT_THROW(model_info("bad"), ConfigError);
}

TEST_F(ModelStore, ReimportReplacesTheModel) {
  import_named(write_toy(folder_), "toy");
  EXPECT_EQ(model_info("toy").info.weight_type, "f16");
  import_named(write_toy(folder_, DType::f32), "toy", std::nullopt);
  EXPECT_EQ(model_info("toy").info.weight_type, "f32");
}

} // namespace
} // namespace mlxaudio::engine
