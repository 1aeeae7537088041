// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "core/ctranslate2.h"
#include "core/expect_error.h"
#include "core/half.h"
#include "core/mapped_file.h"
#include "core/npz.h"
#include "core/safetensors.h"
#include "core/sha256.h"
#include "core/temp_folder.h"
#include "models/whisper/import.h"
#include "models/whisper/quantized_weights.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {
namespace {

namespace fs = std::filesystem;

/// One toy model as tests/fuzz/make_seeds.py saved it: OpenAI's `.pt` by
/// torch.save, Transformers' names in two shards, MLX's by mlx-audio's own
/// sanitize, CTranslate2's fused.
fs::path seed(const std::string& name) {
  return fs::path(MLXAUDIO_SOURCE_DIR) / "tests/fuzz/seeds/whisper" / name;
}

const ModelDimensions kToy{
    .n_mels = 4,
    .n_audio_ctx = 6,
    .n_audio_state = 4,
    .n_audio_head = 2,
    .n_audio_layer = 1,
    .n_vocab = 10,
    .n_text_ctx = 5,
    .n_text_state = 4,
    .n_text_head = 2,
    .n_text_layer = 2};

const AlignmentHeads kToyHeads{{0, 1}, {1, 0}};

Json toy_config() {
  return to_json(kToy);
}

void expect_same_tensors(const Checkpoint& a, const Checkpoint& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    const auto found = b.tensors.find(name);
    ASSERT_NE(found, b.tensors.end()) << name;
    EXPECT_EQ(tensor.shape, found->second.shape) << name;
    EXPECT_TRUE(std::ranges::equal(tensor.bytes, found->second.bytes)) << name;
  }
}

/// A folder in MLX's layout whose parts a test may spoil.
class ToyFolder {
 public:
  ToyFolder()
      : tensors(load_checkpoint(seed("toy.pt")).weights.tensors),
        config(toy_config()) {}

  fs::path write() const {
    folder_.write("model/config.json", config.dump());
    write_safetensors(path() / "model.safetensors", tensors);
    return path();
  }
  fs::path path() const {
    return folder_.path() / "model";
  }
  fs::path out() const {
    return folder_.path() / "out";
  }

  std::map<std::string, Tensor> tensors;
  Json config;

 private:
  TempFolder folder_;
};

Tensor floats(std::vector<std::int64_t> shape, const std::vector<float>& from) {
  std::vector<std::byte> bytes(from.size() * sizeof(float));
  std::memcpy(bytes.data(), from.data(), bytes.size());
  return make_tensor(DType::f32, std::move(shape), std::move(bytes));
}

TEST(WhisperConfig, ReadsBothForms) {
  EXPECT_EQ(read_dimensions(toy_config(), "config.json"), kToy);
  const auto theirs = seed("transformers/config.json");
  EXPECT_EQ(read_dimensions(read_json(theirs), theirs), kToy);
}

TEST(WhisperConfig, NamesAMissingFieldOfEitherForm) {
  ModelDimensions::fields(kToy, [&](const char* name, int, int) {
    Json config = toy_config();
    config.erase(name);
    expect_error<ConfigError>(
        [&] { read_dimensions(config, "some/config.json"); },
        {"some/config.json", std::string("\"") + name + "\" is missing"});
  });
  const Json theirs = read_json(seed("transformers/config.json"));
  for (const auto& [key, value] : theirs.items()) {
    if (key == "model_type" || key == "d_model")
      continue;
    Json config = theirs;
    config.erase(key);
    expect_error<ConfigError>(
        [&] { read_dimensions(config, "c.json"); },
        {"c.json", "\"" + key + "\" is missing"});
  }
}

TEST(WhisperConfig, RefusesAbsurdValues) {
  const std::vector<Json> absurd = {
      0,
      -1,
      1.5,
      "512",
      nullptr,
      true,
      2'000'000'000,
      std::int64_t{1} << 32 | 1,
      std::numeric_limits<std::uint64_t>::max(),
      std::numeric_limits<std::int64_t>::min()};
  ModelDimensions::fields(kToy, [&](const char* name, int, int) {
    for (const Json& value : absurd) {
      Json config = toy_config();
      config[name] = value;
      expect_error<ConfigError>(
          [&] { read_dimensions(config, "c.json"); },
          {"c.json", name});
    }
  });
  expect_error<ConfigError>(
      [] { read_dimensions(Json::array(), "c.json"); },
      {"not a JSON object"});
}

TEST(WhisperConfig, RefusesContradictions) {
  const auto refused = [](const char* name, int value, const std::string& why) {
    Json config = toy_config();
    config[name] = value;
    expect_error<ConfigError>(
        [&] { read_dimensions(config, "c.json"); },
        {why});
  };
  refused("n_audio_head", 3, "heads");
  refused("n_text_head", 3, "heads");
  refused("n_text_state", 8, "differ");
  Json odd = toy_config();
  odd["n_audio_state"] = odd["n_text_state"] = 5;
  odd["n_audio_head"] = odd["n_text_head"] = 1;
  expect_error<ConfigError>([&] { read_dimensions(odd, "c.json"); }, {"odd"});
}

TEST(WhisperConfig, LanguagesFollowFromTheVocabulary) {
  ModelDimensions dims = kToy;
  const auto with = [&](int n_vocab) {
    dims.n_vocab = n_vocab;
    return std::pair(dims.is_multilingual(), dims.num_languages());
  };
  EXPECT_EQ(with(51864), std::pair(false, 99)); // English only
  EXPECT_EQ(with(51865), std::pair(true, 99));
  EXPECT_EQ(with(51866), std::pair(true, 100)); // large-v3
}

TEST(WhisperConfig, JsonRoundTrips) {
  EXPECT_EQ(read_dimensions(to_json(kToy), "c.json"), kToy);
}

TEST(WhisperConfig, AlignmentHeads) {
  EXPECT_EQ(default_alignment_heads(kToy), (AlignmentHeads{{1, 0}, {1, 1}}));
  Json config = {{"alignment_heads", {{0, 1}, {1, 0}}}};
  EXPECT_EQ(read_alignment_heads(config, kToy, "c"), kToyHeads);
  EXPECT_EQ(read_alignment_heads(Json::object(), kToy, "c"), std::nullopt);
  for (const char* bad :
       {"3", "[1]", "[[0]]", "[[2,0]]", "[[0,2]]", "[[0,-1]]"})
    expect_error<ConfigError>(
        [&] {
          read_alignment_heads(
              {{"alignment_heads", Json::parse(bad)}},
              kToy,
              "c.json");
        },
        {"c.json", "alignment_heads"});
}

TEST(WhisperConfig, HeadsOfATensorArePairsOfWholeNumbers) {
  const auto put = [](ToyFolder& toy, std::vector<std::int64_t> shape) {
    const std::vector<std::int32_t> heads{0, 1, 1, 0};
    std::vector<std::byte> bytes(heads.size() * sizeof(std::int32_t));
    std::memcpy(bytes.data(), heads.data(), bytes.size());
    toy.tensors["alignment_heads"] =
        make_tensor(DType::i32, std::move(shape), std::move(bytes));
  };
  ToyFolder toy;
  put(toy, {2, 2});
  EXPECT_EQ(load_checkpoint(toy.write()).alignment_heads, kToyHeads);
  for (const auto& shape : {std::vector<std::int64_t>{1, 4}, {4}, {1, 2, 2}}) {
    put(toy, shape);
    expect_error<ConfigError>(
        [&] { load_checkpoint(toy.write()); },
        {"model.safetensors", "alignment_heads"});
  }
  toy.tensors["alignment_heads"] = floats({2, 2}, {0, 1, 1, 0});
  expect_error<ConfigError>(
      [&] { load_checkpoint(toy.write()); },
      {"model.safetensors", "alignment_heads"});
}

TEST(WhisperConfig, DecodesTheReferencesHeads) {
  ModelDimensions base = kToy;
  base.n_text_layer = 6;
  base.n_text_head = 8;
  // What base's own configuration lists.
  const AlignmentHeads
      expected{{3, 1}, {4, 2}, {4, 3}, {4, 7}, {5, 1}, {5, 2}, {5, 4}, {5, 6}};
  EXPECT_EQ(
      decode_alignment_heads(alignment_heads_dump("base"), base),
      expected);
  EXPECT_EQ(
      alignment_heads_dump("turbo"),
      alignment_heads_dump("large-v3-turbo"));
  EXPECT_TRUE(alignment_heads_dump("distil-large-v3").empty());
  EXPECT_THROW(
      decode_alignment_heads(alignment_heads_dump("tiny"), base),
      ConfigError);
}

TEST(WhisperLoad, EveryLayoutGivesTheSameTensors) {
  const auto openai = load_checkpoint(seed("toy.pt"));
  EXPECT_EQ(openai.layout, Layout::openai);
  EXPECT_EQ(openai.dims, kToy);
  EXPECT_FALSE(openai.has_alignment_heads);
  EXPECT_EQ(openai.alignment_heads, default_alignment_heads(kToy));
  EXPECT_EQ(openai.weight_type, DType::f32);

  for (const auto& [name, layout] :
       {std::pair("transformers", Layout::transformers),
        std::pair("ctranslate2", Layout::ctranslate2)}) {
    SCOPED_TRACE(name);
    const auto other = load_checkpoint(seed(name));
    EXPECT_EQ(other.layout, layout);
    EXPECT_EQ(other.dims, kToy);
    EXPECT_EQ(other.alignment_heads, kToyHeads);
    EXPECT_TRUE(other.has_alignment_heads);
    expect_same_tensors(openai.weights, other.weights);
  }
  // MLX's has no position table for the encoder.
  const auto mlx = load_checkpoint(seed("mlx"));
  EXPECT_EQ(mlx.layout, Layout::mlx);
  EXPECT_EQ(mlx.alignment_heads, kToyHeads);
  Checkpoint without = openai.weights;
  EXPECT_EQ(without.tensors.erase("encoder.positional_embedding"), 1u);
  expect_same_tensors(without, mlx.weights);
  EXPECT_EQ(mlx.parameters, openai.parameters);
}

TEST(WhisperLoad, TakesAFileForItsFolder) {
  const auto file = load_checkpoint(seed("mlx/weights.npz"));
  EXPECT_EQ(file.dims, kToy);
  EXPECT_EQ(load_checkpoint(seed("ctranslate2/model.bin")).dims, kToy);
  EXPECT_EQ(
      load_checkpoint(seed("transformers/model.safetensors.index.json")).dims,
      kToy);
}

TEST(WhisperLoad, ConvolutionsAreTurned) {
  // mlx-audio's sanitize is the oracle; here the rule itself, on one element.
  const auto theirs = read_ctranslate2(seed("ctranslate2/model.bin"));
  const auto ours = load_checkpoint(seed("ctranslate2"));
  const auto& oik = theirs.tensors.at("encoder/conv1/weight");
  const auto& oki = ours.weights.tensors.at("encoder.conv1.weight");
  EXPECT_EQ(oik.shape, (std::vector<std::int64_t>{4, 4, 3}));
  EXPECT_EQ(oki.shape, (std::vector<std::int64_t>{4, 3, 4}));
  EXPECT_EQ(
      oik.as<float>()[(2 * 4 + 3) * 3 + 1],
      oki.as<float>()[(2 * 3 + 1) * 4 + 3]);
}

TEST(WhisperLoad, LooseOrTiedOutput) {
  ToyFolder toy;
  std::map<std::string, Tensor> theirs =
      read_safetensors_index(seed("transformers/model.safetensors.index.json"))
          .tensors;
  toy.config = read_json(seed("transformers/config.json"));
  theirs["proj_out.weight"] = theirs.at("model.decoder.embed_tokens.weight");
  toy.tensors = theirs;
  EXPECT_EQ(load_checkpoint(toy.write()).dims, kToy);
  toy.tensors["proj_out.weight"] =
      floats({10, 4}, std::vector<float>(40, 1.0f));
  expect_error<UnsupportedError>(
      [&] { load_checkpoint(toy.write()); },
      {"proj_out.weight", "differs"});
  // Saved without the head, names have no "model.".
  toy.tensors.clear();
  theirs.erase("proj_out.weight");
  for (const auto& [name, tensor] : theirs)
    toy.tensors.emplace(name.substr(std::strlen("model.")), tensor);
  EXPECT_EQ(load_checkpoint(toy.write()).layout, Layout::transformers);
}

TEST(WhisperLoad, ListsAllThatIsWrongWithTensors) {
  ToyFolder toy;
  toy.tensors.erase("decoder.ln.weight");
  toy.tensors.erase("encoder.conv2.bias");
  toy.tensors["decoder.extra"] = floats({1}, {0});
  toy.tensors["encoder.conv1.bias"] = floats({2, 2}, {1, 2, 3, 4});
  toy.tensors["decoder.ln.bias"] =
      make_tensor(DType::i64, {4}, std::vector<std::byte>(32));
  expect_error<WeightError>(
      [&] { load_checkpoint(toy.write()); },
      {"model.safetensors",
       "2 missing: encoder.conv2.bias, decoder.ln.weight",
       "encoder.conv1.bias is [2, 2], expected [4]",
       "decoder.ln.bias is I64",
       "1 unexpected: decoder.extra"});
}

TEST(WhisperLoad, CutsALongList) {
  ToyFolder toy;
  toy.config["n_audio_state"] = toy.config["n_text_state"] = 8;
  expect_error<WeightError>(
      [&] { load_checkpoint(toy.write()); },
      {"misshapen", "more"});
}

TEST(WhisperLoad, RefusesWhatIsNotWhisper) {
  ToyFolder toy;
  toy.tensors = {{"a", floats({1}, {0})}};
  expect_error<WeightError>(
      [&] { load_checkpoint(toy.write()); },
      {"not the weights of a Whisper"});
  toy.tensors = {
      {"model.encoder.layers.0.fc1.weight", floats({1}, {0})},
      {"model.encoder.layers.0.fc1.scales", floats({1}, {0})}};
  expect_error<UnsupportedError>(
      [&] { load_checkpoint(toy.write()); },
      {"quantized", "fc1.scales", "Transformers"});
}

/// A folder as MLX's converters make it with `--quantize`, of a toy wide enough
/// for groups.
class QuantizedFolder {
 public:
  QuantizedFolder() {
    float next = 0;
    for (const Parameter& parameter : parameters_of(dims)) {
      if (parameter.optional)
        continue;
      std::vector<float> numbers(
          static_cast<std::size_t>(*element_count(parameter.shape)));
      for (float& number : numbers)
        number = std::sin(next += 1);
      const Tensor wide = floats(parameter.shape, numbers);
      plain.emplace(parameter.name, convert(wide, DType::f16, parameter.name));
      parameters += numbers.size();
    }
    tensors = quantized::pack(plain, packing);
    config = to_json(dims);
    config["quantization"] = mlxaudio::to_json(packing);
  }

  fs::path write() const {
    folder_.write("model/config.json", config.dump());
    folder_.write("model/gpt2.tiktoken", "YQ== 0\n");
    write_safetensors(path() / "model.safetensors", tensors);
    return path();
  }
  fs::path path() const {
    return folder_.path() / "model";
  }

  ModelDimensions dims = [] {
    ModelDimensions wide = kToy;
    wide.n_audio_state = wide.n_text_state = 64;
    return wide;
  }();
  Quantization packing{{64, 4}, {{"encoder.blocks.0.mlp1", {32, 8}}}};
  std::map<std::string, Tensor> plain, tensors;
  std::uint64_t parameters = 0;
  Json config;

 private:
  TempFolder folder_;
};

TEST(WhisperQuantized, IsReadPacked) {
  QuantizedFolder toy;
  const auto loaded = load_checkpoint(toy.write());
  EXPECT_EQ(loaded.layout, Layout::mlx);
  EXPECT_EQ(loaded.dims, toy.dims);
  ASSERT_TRUE(loaded.quantization);
  EXPECT_EQ(loaded.quantization->packing, toy.packing.packing);
  EXPECT_EQ(loaded.quantization->layers, toy.packing.layers);
  EXPECT_EQ(loaded.parameters, toy.parameters);
  EXPECT_EQ(loaded.weight_type, DType::f16);
  expect_same_tensors(loaded.weights, {{}, toy.tensors});
  EXPECT_EQ(
      loaded.weights.tensors.at("encoder.blocks.0.mlp1.weight").shape,
      (std::vector<std::int64_t>{256, 16}));
}

TEST(WhisperQuantized, AWholeModelIsThatOfItsNumbers) {
  QuantizedFolder toy;
  const auto model_of = [&](const std::map<std::string, Tensor>& tensors) {
    const auto ledger = std::make_shared<Weights>(Checkpoint{{}, tensors});
    ledger->packed_in(toy.packing);
    Whisper model{Scope(ledger), toy.dims};
    ledger->finish();
    return model;
  };
  const Whisper packed = model_of(toy.tensors);
  const Whisper wide = model_of(quantized::unpack(toy.tensors, toy.packing));
  const auto mel =
      mx::reshape(mx::cos(mx::arange(12.0f * 4)), {1, 12, kToy.n_mels});
  const mx::array tokens({1, 7, 9}, {1, 3});
  EXPECT_TRUE(packed.decoder.token_embedding.weight.affine());
  EXPECT_TRUE(packed.encoder.blocks[0].mlp2.weight.affine());
  const auto expected = wide(mel, tokens);
  EXPECT_LT(
      mx::max(mx::abs(mx::subtract(packed(mel, tokens), expected)))
          .item<float>(),
      1e-4f * mx::max(mx::abs(expected)).item<float>());
}

TEST(WhisperQuantized, NamesFileAndMendOfWhatDoesNotFit) {
  const auto refused = [](const auto& spoil,
                          const std::vector<std::string>& parts) {
    QuantizedFolder toy;
    spoil(toy);
    try {
      load_checkpoint(toy.write());
      FAIL() << "expected an error with " << parts.back();
    } catch (const Error& error) {
      for (const auto& part : parts) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
            << error.what();
      }
    }
  };
  using Toy = QuantizedFolder;
  const std::string layer = "decoder.blocks.1.mlp2";
  const std::string file = "model.safetensors", config = "config.json";
  refused(
      [](Toy& toy) { toy.config.erase("quantization"); },
      {file, config, "quantized", "group_size and bits"});
  refused(
      [](Toy& toy) { toy.config["quantization"]["bits"] = 3; },
      {config, "\"bits\"", "is 3", "convert the model"});
  refused(
      [](Toy& toy) { toy.config["quantization"]["group_size"] = 16; },
      {config, "\"group_size\"", "is 16", "convert the model"});
  refused(
      [](Toy& toy) { toy.config["quantization"]["mode"] = "nvfp4"; },
      {config, "nvfp4", "--q-mode affine"});
  refused(
      [](Toy& toy) { toy.config["quantization"]["bits"] = 8; },
      {file, "misshapen", "expected [64, 16]"});
  refused(
      [](Toy& toy) { toy.config["quantization"]["group_size"] = 128; },
      {file, "64 inputs", "group_size", config});
  refused(
      [&](Toy& toy) { toy.tensors.erase(layer + ".scales"); },
      {file, "1 missing", layer + ".scales"});
  refused(
      [&](Toy& toy) { toy.tensors.erase(layer + ".biases"); },
      {file, "1 missing", layer + ".biases"});
  refused(
      [&](Toy& toy) {
        toy.tensors[layer + ".biases"] = floats({64}, std::vector<float>(64));
      },
      {file, "1 misshapen", layer + ".biases is [64], expected [64, 4]"});
  refused(
      [&](Toy& toy) {
        toy.tensors[layer + ".weight"] = toy.plain.at(layer + ".weight");
      },
      {file, "quantized, but not U32", layer + ".weight is F16"});
  refused(
      [](Toy& toy) { toy.tensors["decoder.ln.scales"] = floats({1}, {1}); },
      {file, "1 unexpected", "decoder.ln.scales"});
}

TEST(WhisperQuantized, AConfigurationAloneQuantizesNothing) {
  QuantizedFolder toy;
  toy.tensors = toy.plain;
  toy.config["quantization"] = {{"bits", 3}};
  const auto loaded = load_checkpoint(toy.write());
  EXPECT_FALSE(loaded.quantization);
  EXPECT_EQ(loaded.parameters, toy.parameters);
}

TEST(WhisperQuantized, AnImportKeepsItPacked) {
  QuantizedFolder toy;
  const TempFolder folder;
  ImportOptions options;
  options.target = folder.path() / "out";
  const auto report = import_model(toy.write(), options);
  EXPECT_EQ(report.parameters, toy.parameters);
  const auto loaded = load_checkpoint(options.target);
  ASSERT_TRUE(loaded.quantization);
  EXPECT_EQ(loaded.quantization->packing, toy.packing.packing);
  EXPECT_EQ(loaded.quantization->layers, toy.packing.layers);
  expect_same_tensors(loaded.weights, {{}, toy.tensors});
}

TEST(WhisperLoad, NamesWhatAFolderLacks) {
  const TempFolder folder;
  expect_error<ConfigError>(
      [&] { load_checkpoint(folder.path()); },
      {"no config.json"});
  folder.write("config.json", toy_config().dump());
  expect_error<WeightError>(
      [&] { load_checkpoint(folder.path()); },
      {"no weights.safetensors"});
  folder.write("pytorch_model.bin", "");
  expect_error<WeightError>(
      [&] { load_checkpoint(folder.path()); },
      {"safe_serialization"});
  folder.write("model.safetensors", "short");
  expect_error<WeightError>(
      [&] { load_checkpoint(folder.path()); },
      {"model.safetensors"});
  expect_error<WeightError>(
      [&] { load_checkpoint(folder.path() / "no.pt"); },
      {"no.pt", "no such file"});
  expect_error<WeightError>(
      [&] { load_checkpoint(folder.write("a.pt", "x")); },
      {"a.pt", "not a PyTorch checkpoint"});
}

TEST(WhisperLoad, RefusesAKeyBiasThatItWouldLose) {
  const TempFolder folder;
  std::string bytes =
      read_file(seed("ctranslate2/model.bin"), ErrorCode::weights);
  const std::string name = "decoder/layer_1/attention/linear_1/bias";
  const auto at = bytes.find(name);
  ASSERT_NE(at, std::string::npos);
  // name, zero, rank, one extent, type, size: then the key's four biases.
  const auto data = at + name.size() + 1 + 1 + 4 + 1 + 4;
  const float bias = 0.5f;
  std::memcpy(bytes.data() + data, &bias, sizeof bias);
  folder.write("model.bin", bytes);
  expect_error<WeightError>(
      [&] { load_checkpoint(folder.path()); },
      {"model.bin", name, "decoder.blocks.1.cross_attn.key"});
}

TEST(WhisperLoad, EveryTruncationOfACheckpointIsAnError) {
  const TempFolder folder;
  const std::string bytes =
      read_file(seed("ctranslate2/model.bin"), ErrorCode::weights);
  for (std::size_t n = 0; n < bytes.size(); n += 61) {
    folder.write("model.bin", std::string_view(bytes).substr(0, n));
    EXPECT_THROW(load_checkpoint(folder.path()), Error) << n;
  }
}

TEST(WhisperLoad, FindsAVocabularyInTheFolderFirst) {
  const TempFolder folder;
  folder.write("model/gpt2.tiktoken", "");
  folder.write("model/tokenizer.json", "");
  ModelDimensions dims = kToy;
  EXPECT_EQ(
      find_vocabulary(folder.path() / "model", dims).filename(),
      "gpt2.tiktoken");
  EXPECT_EQ(
      find_vocabulary(folder.path() / "model" / "model.bin", dims).filename(),
      "gpt2.tiktoken");
  dims.n_vocab = 51865;
  EXPECT_EQ(
      find_vocabulary(folder.path() / "model", dims).filename(),
      "tokenizer.json");
}

/// Points the cache at a folder for as long as it lives.
class CacheAt {
 public:
  explicit CacheAt(const fs::path& folder) {
    if (const char* now = std::getenv("MLXAUDIO_CACHE"))
      before_ = now;
    ::setenv("MLXAUDIO_CACHE", folder.c_str(), 1);
  }
  CacheAt(const CacheAt&) = delete;
  CacheAt& operator=(const CacheAt&) = delete;
  ~CacheAt() {
    if (before_)
      ::setenv("MLXAUDIO_CACHE", before_->c_str(), 1);
    else
      ::unsetenv("MLXAUDIO_CACHE");
  }

 private:
  std::optional<std::string> before_;
};

TEST(WhisperLoad, FindsAVocabularyInTheCache) {
  const TempFolder folder;
  const CacheAt cache(folder.path());
  expect_error<TokenError>(
      [&] { find_vocabulary(seed("toy.pt"), kToy); },
      {"toy.pt", "gpt2.tiktoken", "make models"});
  const auto path = folder.write("vocab/gpt2.tiktoken", "");
  EXPECT_EQ(find_vocabulary(seed("toy.pt"), kToy), path);
  folder.write("model/tokenizer.json", "");
  EXPECT_EQ(
      find_vocabulary(folder.path() / "model", kToy).filename(),
      "tokenizer.json");
  EXPECT_EQ(find_vocabulary(folder.path() / "model", kToy, true), path);
}

TEST(WhisperImport, GivesTheSameModelFromEveryLayout) {
  const TempFolder folder;
  const CacheAt cache(folder.path());
  folder.write("vocab/gpt2.tiktoken", "YQ== 0\n");
  std::map<std::string, std::string> digests;
  for (const std::string name : {"toy.pt", "transformers", "ctranslate2"}) {
    const auto target = folder.path() / "models" / name;
    ImportOptions options;
    options.target = target;
    options.alignment_heads = kToyHeads; // the .pt has none
    const auto report = import_model(seed(name), options);
    EXPECT_EQ(report.weight_type, DType::f16);
    EXPECT_EQ(report.sha256, sha256_file(target / "model.safetensors"));
    digests[name] =
        report.sha256 + read_file(target / "config.json", ErrorCode::config);
    const auto again = load_checkpoint(target);
    EXPECT_EQ(again.dims, kToy);
    EXPECT_EQ(again.layout, Layout::mlx);
    EXPECT_EQ(again.alignment_heads, kToyHeads);
    EXPECT_EQ(again.weight_type, DType::f16);
    EXPECT_EQ(find_vocabulary(target, kToy), target / "gpt2.tiktoken");
    const Json provenance = read_json(target / "provenance.json");
    EXPECT_EQ(provenance["weights_sha256"], report.sha256);
    EXPECT_EQ(
        provenance["source_sha256"],
        sha256_file(weight_file_of(seed(name))));
  }
  EXPECT_EQ(digests["toy.pt"], digests["transformers"]);
  EXPECT_EQ(digests["toy.pt"], digests["ctranslate2"]);
}

TEST(WhisperImport, KeepLosesNothing) {
  ToyFolder toy;
  const fs::path source = toy.write();
  std::ofstream(source / "gpt2.tiktoken") << "YQ== 0\n";
  ImportOptions options;
  options.target = toy.out();
  options.dtype.reset();
  import_model(source, options);
  expect_same_tensors(
      load_checkpoint(source).weights,
      load_checkpoint(toy.out()).weights);
}

TEST(WhisperImport, RefusesNumbersThatAreNone) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(),
        -std::numeric_limits<float>::infinity()}) {
    ToyFolder toy;
    toy.tensors["decoder.ln.bias"] = floats({4}, {1, 2, bad, 4});
    ImportOptions options;
    options.target = toy.out();
    expect_error<WeightError>(
        [&] { import_model(toy.write(), options); },
        {"model.safetensors", "decoder.ln.bias", "NaN"});
    EXPECT_FALSE(fs::exists(toy.out()));
  }
}

TEST(WhisperImport, RefusesWhatDoesNotFit) {
  ToyFolder toy;
  toy.tensors["decoder.ln.bias"] = floats({4}, {1, 2, 70000, 4});
  const fs::path source = toy.write();
  std::ofstream(source / "gpt2.tiktoken") << "YQ== 0\n";
  ImportOptions options;
  options.target = toy.out();
  expect_error<WeightError>(
      [&] { import_model(source, options); },
      {"decoder.ln.bias", "70000", "--dtype keep"});
  EXPECT_FALSE(fs::exists(toy.out()));
  options.dtype = DType::bf16;
  EXPECT_THROW(import_model(source, options), ArgumentError);
}

TEST(WhisperImport, ConvertsEachType) {
  const std::vector<float> numbers{0.0f, -1.5f, 1.0f / 3, 65504.0f};
  const Tensor f32 = floats({4}, numbers);
  const Tensor f16 = convert(f32, DType::f16, "t");
  EXPECT_EQ(f16.as<std::uint16_t>()[2], to_f16(1.0f / 3));
  const Tensor back = convert(f16, DType::f32, "t");
  EXPECT_EQ(back.as<float>()[3], 65504.0f);
  EXPECT_EQ(back.as<float>()[1], -1.5f);
  EXPECT_EQ(convert(f32, DType::f32, "t").bytes.data(), f32.bytes.data());
}

} // namespace
} // namespace mlxaudio::whisper
