// SPDX-License-Identifier: MIT
#include "models/whisper/whisper.h"

#include <cmath>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <mlx/ops.h>

#include "core/json.h"
#include "mlxaudio/error.h"
#include "models/whisper/finer_layers.h"
#include "models/whisper/toy_model.h"
#include "nn/tape.h"

namespace mlxaudio::whisper {
namespace {

bool close(const mx::array& a, const mx::array& b, double tolerance = 1e-4) {
  return a.shape() == b.shape() &&
         mx::allclose(a, b, tolerance, tolerance).item<bool>();
}

ModelDimensions small_dims() {
  auto d = toy::dims();
  d.n_vocab = 200;
  d.n_text_ctx = 12;
  d.n_audio_ctx = 20;
  return d;
}

mx::array tokens(const std::vector<int>& ids) {
  return mx::array(ids.data(), {1, static_cast<int>(ids.size())}, mx::int32);
}

TEST(Sinusoids, AreSinesThenCosines) {
  const mx::array table = sinusoids(3, 4);
  ASSERT_EQ(table.shape(), (mx::Shape{3, 4}));
  EXPECT_EQ(table.dtype(), mx::float32);
  // Timescales 1 and 10000.
  const std::vector<double> expected = {
      0,
      0,
      1,
      1,
      std::sin(1),
      std::sin(1e-4),
      std::cos(1),
      std::cos(1e-4),
      std::sin(2),
      std::sin(2e-4),
      std::cos(2),
      std::cos(2e-4)};
  const mx::array values = mx::contiguous(table);
  for (int i = 0; i < 12; ++i) {
    EXPECT_NEAR(
        mx::take(mx::flatten(values), i).item<float>(),
        expected[static_cast<std::size_t>(i)],
        1e-6)
        << i;
  }
  EXPECT_THROW(sinusoids(3, 5), ArgumentError);
}

// The MLX reference's own parameters, recorded by
// port/whisper/record_parameters.py.
TEST(Whisper, DeclaresTheParametersOfTheReference) {
  const Json golden = read_json(
      std::filesystem::path(MLXAUDIO_SOURCE_DIR) /
      "tests/golden/whisper/parameters.json");
  ASSERT_GE(golden.at("models").size(), 4U);
  for (const auto& [name, model] : golden.at("models").items()) {
    ModelDimensions d;
    const auto& dims = model.at("dims");
    d.n_mels = dims.at("n_mels");
    d.n_audio_ctx = dims.at("n_audio_ctx");
    d.n_audio_state = dims.at("n_audio_state");
    d.n_audio_head = dims.at("n_audio_head");
    d.n_audio_layer = dims.at("n_audio_layer");
    d.n_vocab = dims.at("n_vocab");
    d.n_text_ctx = dims.at("n_text_ctx");
    d.n_text_state = dims.at("n_text_state");
    d.n_text_head = dims.at("n_text_head");
    d.n_text_layer = dims.at("n_text_layer");
    const auto ledger = std::make_shared<Weights>(Weights::dry());
    const Whisper whisper{Scope(ledger), d};
    std::set<std::pair<std::string, std::vector<int>>> ours;
    for (const auto& declared : ledger->declared()) {
      if (declared.optional) {
        EXPECT_EQ(declared.name, "encoder.positional_embedding");
        continue;
      }
      EXPECT_TRUE(ours.emplace(
                          declared.name,
                          std::vector<int>(
                              declared.shape.begin(),
                              declared.shape.end()))
                      .second);
    }
    std::set<std::pair<std::string, std::vector<int>>> reference;
    for (const auto& [parameter, shape] : model.at("parameters").items()) {
      reference.emplace(parameter, shape.get<std::vector<int>>());
    }
    EXPECT_EQ(ours, reference) << name;
  }
}

TEST(Whisper, KnowsItsLanguagesByItsVocabulary) {
  const auto with = [](int n_vocab) {
    auto d = toy::dims();
    d.n_vocab = n_vocab;
    return Whisper{Scope(Weights::dry()), d};
  };
  EXPECT_FALSE(with(51864).is_multilingual());
  EXPECT_TRUE(with(51865).is_multilingual());
  EXPECT_EQ(with(51865).num_languages(), 99);
  EXPECT_TRUE(with(51866).is_multilingual());
  EXPECT_EQ(with(51866).num_languages(), 100);
}

TEST(Whisper, NeedsAVocabularyForText) {
  const Whisper whisper{Scope(Weights::dry()), toy::dims()};
  EXPECT_THROW(whisper.get_tokenizer("en", "transcribe"), TokenError);
}

TEST(Whisper, RunsFromMelToLogits) {
  const auto d = small_dims();
  const auto whisper = toy::model(d);
  const auto mel = toy::random_array({2, 40, 80}, 9);
  const auto logits = whisper(mel, mx::repeat(tokens({1, 2, 3}), 2, 0));
  EXPECT_EQ(logits.shape(), (mx::Shape{2, 3, 200}));
  EXPECT_TRUE(mx::all(mx::isfinite(logits)).item<bool>());
}

TEST(FinerLayers, AreLinearLayersOfTheModel) {
  const auto d = small_dims();
  const auto of_f32 = finer_layers(Compute::f32, d.n_text_layer);
  EXPECT_TRUE(of_f32.exact.empty() && of_f32.int12.empty());
  EXPECT_TRUE(of_f32.scores.empty() && of_f32.to_f16.empty());
  const auto of_bf16 = finer_layers(Compute::bf16, d.n_text_layer);
  const auto of_int8 = finer_layers(Compute::int8, d.n_text_layer);
  EXPECT_TRUE(of_bf16.exact.empty());
  EXPECT_EQ(of_bf16.int12, of_int8.int12);
  const auto build = [&](OtherLayers finer) {
    const auto ledger = std::make_shared<Weights>(toy::random_weights(d));
    ledger->compute_in(Compute::int8, std::move(finer));
    Whisper model{Scope(ledger), d};
    ledger->finish();
    return model;
  };
  const Whisper whisper = build(of_int8);
  const auto& block = whisper.encoder.blocks.at(0);
  EXPECT_FALSE(block.attn.value.weight.int8());
  EXPECT_FALSE(block.attn.out.weight.int8());
  EXPECT_FALSE(block.mlp1.weight.int8());
  EXPECT_TRUE(block.attn.query.weight.int8());
  EXPECT_TRUE(whisper.encoder.blocks.back().mlp1.weight.int8());
  for (const auto& of_step : whisper.decoder.blocks) {
    const auto& self = of_step.attn;
    const auto& cross = *of_step.cross_attn;
    for (const auto* layer :
         {&self.query,
          &self.key,
          &self.value,
          &self.out,
          &cross.query,
          &cross.out,
          &of_step.mlp1,
          &of_step.mlp2}) {
      EXPECT_TRUE(layer->weight.int12()) << layer->at.path();
    }
    for (const auto* layer : {&cross.key, &cross.value}) {
      EXPECT_TRUE(layer->weight.int8());
      EXPECT_TRUE(layer->weight.gives_f16());
    }
  }
  const auto& table = whisper.decoder.token_embedding.weight;
  EXPECT_TRUE(table.int12() && table.is_for_scores());
  EXPECT_THROW(build({.exact = {"encoder.conv1"}}), ArgumentError);
  EXPECT_THROW(build({.to_f16 = {"encoder.conv1"}}), ArgumentError);
}

TEST(AudioEncoder, RefusesOtherShapes) {
  const auto whisper = toy::model(small_dims());
  EXPECT_THROW(
      whisper.embed_audio(toy::random_array({1, 40, 79}, 1)),
      ArgumentError);
  EXPECT_THROW(
      whisper.embed_audio(toy::random_array({40, 80}, 1)),
      ArgumentError);
  EXPECT_THROW(
      whisper.embed_audio(toy::random_array({1, 42, 80}, 1)),
      ArgumentError);
}

TEST(AudioEncoder, UsesThePositionTableOfTheCheckpoint) {
  const auto d = small_dims();
  auto weights = toy::random_weights(d);
  const auto mel = toy::random_array({1, 40, 80}, 9);
  const auto encode = [&](const mx::array& table) {
    auto with_table = weights;
    with_table.emplace("encoder.positional_embedding", table);
    return Whisper{Scope(Weights(with_table)), d}.embed_audio(mel);
  };
  const auto computed = Whisper{Scope(Weights(weights)), d}.embed_audio(mel);
  const auto table = sinusoids(d.n_audio_ctx, d.n_audio_state);
  EXPECT_TRUE(close(encode(table), computed, 0));
  EXPECT_FALSE(close(encode(table * mx::array(2.0F)), computed));
}

TEST(TextDecoder, SeesNoLaterToken) {
  const auto whisper = toy::model(small_dims());
  const auto xa = toy::random_array({1, 20, 8}, 3);
  const auto a = whisper.logits(tokens({1, 2, 3, 4}), xa);
  const auto b = whisper.logits(tokens({1, 2, 3, 9}), xa);
  EXPECT_TRUE(close(
      mx::slice(a, {0, 0, 0}, {1, 3, 200}),
      mx::slice(b, {0, 0, 0}, {1, 3, 200})));
  EXPECT_FALSE(close(a, b));
}

TEST(TextDecoder, ChunksAgreeWithOneRun) {
  const auto whisper = toy::model(small_dims());
  const auto& decoder = whisper.decoder;
  const auto xa = toy::random_array({1, 20, 8}, 3);
  const auto whole = whisper.logits(tokens({1, 2, 3, 4, 5, 6}), xa);
  auto cache = decoder.make_cache(1, mx::float32);
  int at = 0;
  for (const auto& chunk :
       std::vector<std::vector<int>>{{1}, {2, 3, 4}, {5, 6}}) {
    auto out = decoder(tokens(chunk), xa, {.kv_cache = std::move(cache)});
    cache = std::move(out.kv_cache);
    const int end = at + static_cast<int>(chunk.size());
    EXPECT_TRUE(close(out.logits, mx::slice(whole, {0, at, 0}, {1, end, 200})))
        << at;
    at = end;
    EXPECT_EQ(cache.front().self->length, end);
    EXPECT_EQ(cache.front().cross->length, 20);
  }
}

TEST(TextDecoder, ComputesOnlyThePositionsAskedFor) {
  const auto whisper = toy::model(small_dims());
  const auto xa = toy::random_array({1, 20, 8}, 3);
  const auto ids = tokens({1, 2, 3});
  const auto whole = whisper.logits(ids, xa);
  for (const auto& positions :
       std::vector<std::vector<int>>{{2}, {0, 2}, {1, 1, 0}, {0, 1, 2}}) {
    const auto some = whisper.decoder(ids, xa, {.positions = positions}).logits;
    const auto n = static_cast<int>(positions.size());
    EXPECT_TRUE(close(
        some,
        mx::take(whole, mx::array(positions.data(), {n}, mx::int32), 1)))
        << n;
  }
}

TEST(TextDecoder, UsesKeysAndValuesOfTheAudioAgain) {
  const auto whisper = toy::model(small_dims());
  const auto xa = toy::random_array({1, 20, 8}, 3);
  const auto& decoder = whisper.decoder;
  auto first = decoder(
      tokens({1, 2}),
      xa,
      {.kv_cache = decoder.make_cache(1, mx::float32)});
  const auto second = decoder(
      tokens({3}),
      // Not looked at: what it was is in the cache.
      mx::zeros_like(xa),
      {.kv_cache = std::move(first.kv_cache)});
  EXPECT_TRUE(close(
      second.logits,
      mx::slice(
          whisper.logits(tokens({1, 2, 3}), xa),
          {0, 2, 0},
          {1, 3, 200})));
}

TEST(TextDecoder, RefusesMoreThanItsContext) {
  const auto whisper = toy::model(small_dims());
  const auto xa = toy::random_array({1, 20, 8}, 3);
  EXPECT_NO_THROW(whisper.logits(tokens(std::vector<int>(12, 1)), xa));
  EXPECT_THROW(
      whisper.logits(tokens(std::vector<int>(13, 1)), xa),
      ArgumentError);
}

TEST(Whisper, ReturnsTheScoresThatAlign) {
  const auto whisper = toy::model(small_dims());
  const auto mel = toy::random_array({1, 40, 80}, 9);
  const auto out = whisper.forward_with_cross_qk(mel, tokens({1, 2, 3}));
  EXPECT_TRUE(close(out.logits, whisper(mel, tokens({1, 2, 3}))));
  ASSERT_EQ(out.cross_qk.size(), 2U);
  EXPECT_EQ(out.cross_qk[0].shape(), (mx::Shape{1, 2, 3, 20}));
}

TEST(Whisper, TapsEveryComponent) {
  const auto whisper = toy::model(small_dims());
  const auto mel = toy::random_array({1, 40, 80}, 9);
  const auto plain = whisper(mel, tokens({1, 2}));
  const Tape tape;
  const auto taped = whisper(mel, tokens({1, 2}));
  EXPECT_TRUE(close(plain, taped));
  EXPECT_TRUE(close(tape.at("decoder"), plain));
  for (const char* path :
       {"encoder",
        "encoder.conv1",
        "encoder.blocks.1",
        "encoder.blocks.0.attn",
        "encoder.blocks.0.attn.query",
        "encoder.blocks.0.attn.out",
        "encoder.blocks.0.mlp1",
        "encoder.blocks.0.mlp2",
        "encoder.ln_post",
        "decoder.token_embedding",
        "decoder.blocks.0.cross_attn",
        "decoder.blocks.0.cross_attn_ln",
        "decoder.ln"}) {
    EXPECT_EQ(tape.seen().count(path), 1U) << path;
  }
}

} // namespace
} // namespace mlxaudio::whisper
