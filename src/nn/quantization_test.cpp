// SPDX-License-Identifier: MIT
#include "nn/quantization.h"

#include <gtest/gtest.h>

#include "core/expect_error.h"
#include "mlx/ops.h"
#include "mlxaudio/error.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "ops/composite.h"

namespace mlxaudio {
namespace {

std::optional<Quantization> read(const char* entry) {
  return read_quantization(
      {{"quantization", Json::parse(entry)}},
      "some/config.json");
}

TEST(Quantization, IsReadAsMlxWritesIt) {
  EXPECT_EQ(read_quantization(Json::object(), "c"), std::nullopt);
  EXPECT_EQ(read("null"), std::nullopt);
  const auto plain = read(R"({"group_size": 32, "bits": 8})");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->packing, (Quantization::Packing{32, 8}));
  EXPECT_TRUE(plain->layers.empty());
  const auto mixed = read(
      R"({"group_size": 128, "bits": 4, "mode": "affine", "quant_method": "x",
          "a.b": {"group_size": 64, "bits": 8}, "c": {"bits": 8}, "d": false})");
  ASSERT_TRUE(mixed);
  EXPECT_EQ(mixed->of("e"), (Quantization::Packing{128, 4}));
  EXPECT_EQ(mixed->of("a.b"), (Quantization::Packing{64, 8}));
  // What an entry lacks is MLX's default, not the configuration's.
  EXPECT_EQ(mixed->of("c"), (Quantization::Packing{64, 8}));
  EXPECT_EQ(mixed->of("d"), mixed->packing);
  const auto again =
      read_quantization({{"quantization_config", to_json(*mixed)}}, "c");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->packing, mixed->packing);
  EXPECT_EQ(again->layers, mixed->layers);
}

TEST(Quantization, RefusesWhatItDoesNotKnow) {
  const auto malformed = [](const char* entry, const std::string& why) {
    expect_error<ConfigError>(
        [&] { read(entry); },
        {"some/config.json", "quantization", why});
  };
  malformed("4", "not an object");
  malformed(R"({"group_size": 64})", "no \"bits\"");
  malformed(R"({"bits": "4"})", "not a whole number");
  malformed(R"({"bits": 4, "group_size": 6.4})", "not a whole number");
  const auto unknown = [](const char* entry, const std::string& why) {
    expect_error<UnsupportedError>(
        [&] { read(entry); },
        {"some/config.json", "convert the model", why});
  };
  for (const char* bits : {"2", "3", "6", "16", "0", "-4", "4294967300"}) {
    const std::string entry = std::string(R"({"bits": )") + bits + "}";
    unknown(entry.c_str(), std::string("is ") + bits + ", and only 8, 4");
  }
  unknown(R"({"bits": 4, "group_size": 16})", "is 16, and only 32, 64, 128");
  unknown(R"({"bits": 4, "mode": "mxfp4"})", "mode \"mxfp4\"");
  unknown(R"({"bits": 4, "mode": 1})", "mode 1");
  unknown(R"({"bits": 4, "a.b": {"bits": 6}})", "\"a.b\"");
}

/// A layer's tensors as MLX packs them.
std::map<std::string, mx::array> packed(
    const std::string& at, const mx::array& weight, int group_size, int bits) {
  const auto parts = mx::quantize(weight, group_size, bits);
  return {
      {at + ".weight", parts[0]},
      {at + ".scales", parts[1]},
      {at + ".biases", parts[2]}};
}

mx::array waves(const mx::Shape& shape) {
  const int size = shape[0] * shape[1];
  return mx::reshape(mx::sin(mx::arange(static_cast<float>(size))), shape);
}

std::shared_ptr<Weights> ledger_of(
    std::map<std::string, mx::array> arrays,
    std::optional<Quantization> quantization) {
  auto ledger = std::make_shared<Weights>(std::move(arrays), "some.file");
  ledger->packed_in(std::move(quantization));
  return ledger;
}

bool alike(const mx::array& a, const mx::array& b) {
  return a.shape() == b.shape() && mx::allclose(a, b, 1e-5, 1e-5).item<bool>();
}

TEST(QuantizedLayers, ShowThemselvesByTheirScales) {
  const mx::array w = waves({6, 64}), table = waves({9, 64});
  auto arrays = packed("map", w, 32, 8);
  arrays.merge(packed("table", table, 64, 4));
  arrays.emplace("map.bias", mx::ones({6}));
  arrays.emplace("plain.weight", w);
  const auto ledger =
      ledger_of(arrays, Quantization{{64, 4}, {{"map", {32, 8}}}});
  const Scope at(ledger);
  const Linear map{at / "map", 64, 6};
  const Linear plain{at / "plain", 64, 6, kNoBias};
  const Embedding embedding{at / "table", 9, 64};
  EXPECT_NO_THROW(ledger->finish());

  EXPECT_FALSE(plain.weight.affine());
  ASSERT_TRUE(map.weight.affine());
  const auto x = waves({3, 64});
  const auto numbers = ops::composite::dequantize(*map.weight.affine());
  EXPECT_TRUE(alike(
      map(x),
      mx::add(mx::matmul(x, mx::transpose(numbers)), mx::array(1.0f))));

  const auto rows = ops::composite::dequantize(*embedding.weight.affine());
  EXPECT_TRUE(alike(
      embedding(mx::array({8, 0}, {1, 2})),
      mx::take(rows, mx::array({8, 0}, {1, 2}), 0)));
  EXPECT_TRUE(
      alike(embedding.as_linear(x), mx::matmul(x, mx::transpose(rows))));
}

TEST(QuantizedLayers, NeedAConfiguration) {
  const auto ledger = ledger_of(packed("map", waves({6, 64}), 64, 4), {});
  expect_error<ConfigError>(
      [&] {
        const Linear layer{Scope(ledger) / "map", 64, 6, kNoBias};
      },
      {"some.file", "map", "quantization"});
}

TEST(QuantizedLayers, ThatDoNotFitAreListed) {
  const auto refused = [](std::map<std::string, mx::array> arrays,
                          const std::string& why) {
    const auto ledger = ledger_of(std::move(arrays), Quantization{{64, 4}, {}});
    const Linear map{Scope(ledger) / "map", 64, 6, kNoBias};
    try {
      ledger->finish();
      FAIL() << "expected an error with " << why;
    } catch (const WeightError& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find("some.file"), std::string::npos) << message;
      EXPECT_NE(message.find(why), std::string::npos) << message;
    }
  };
  const auto good = packed("map", waves({6, 64}), 64, 4);
  auto bad = good;
  bad.erase("map.biases");
  refused(bad, "map.biases");
  bad = good;
  bad.at("map.scales") = mx::ones({6, 2});
  refused(bad, "map.scales: expected [6, 1], got [6, 2]");
  bad = good;
  bad.at("map.weight") = mx::zeros({6, 8}, mx::int32);
  refused(bad, "map.weight: expected uint32, got int32");
  refused(packed("map", waves({6, 64}), 64, 8), "expected [6, 8], got [6, 16]");

  const auto ledger = ledger_of(good, Quantization{{128, 4}, {}});
  expect_error<WeightError>(
      [&] {
        const Linear layer{Scope(ledger) / "map", 64, 6, kNoBias};
      },
      {"map", "64 inputs", "128"});
}

} // namespace
} // namespace mlxaudio
