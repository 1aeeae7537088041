// SPDX-License-Identifier: MIT
#include "nn/weights.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "core/mapped_file.h"
#include "core/temp_folder.h"
#include "mlx/ops.h"
#include "mlx/transforms.h"
#include "mlxaudio/error.h"
#include "nn/each.h"
#include "nn/embedding.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/scope.h"

namespace mlxaudio {
namespace {

void expect_in(const std::string& whole, const std::string& part) {
  EXPECT_NE(whole.find(part), std::string::npos) << part << "\nin\n" << whole;
}

/// A tensor that owns its numbers.
template <class Number>
Tensor tensor_of(
    DType dtype, std::vector<std::int64_t> shape, std::vector<Number> numbers) {
  const auto owner =
      std::make_shared<const std::vector<Number>>(std::move(numbers));
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.shape = std::move(shape);
  tensor.bytes = std::as_bytes(std::span(*owner));
  tensor.owner = owner;
  return tensor;
}

Tensor ones(std::vector<std::int64_t> shape) {
  std::size_t size = 1;
  for (const auto n : shape) {
    size *= static_cast<std::size_t>(n);
  }
  return tensor_of(
      DType::f32,
      std::move(shape),
      std::vector<float>(size, 1.0f));
}

std::string message_of(const Weights& weights) {
  try {
    weights.finish();
  } catch (const WeightError& error) {
    return error.what();
  }
  return "";
}

TEST(Weights, SayWhatProductsAreComputedIn) {
  const auto weights = std::make_shared<Weights>(Weights::dry());
  const Scope at(weights);
  EXPECT_EQ((at / "a").compute(), Compute::f32);
  weights->compute_in(Compute::bf16, {.exact = {"a.query", "c"}});
  EXPECT_EQ((at / "a").compute(), Compute::bf16);
  EXPECT_EQ((at / "a" / "query").compute(), Compute::f32);
  EXPECT_EQ((at / "query").compute(), Compute::bf16);
  // With all that is below, and nothing whose name only begins alike.
  EXPECT_EQ((at / "c" / 1 / "key").compute(), Compute::f32);
  EXPECT_EQ((at / "cross").compute(), Compute::bf16);
  EXPECT_EQ((at / "a" / "query_2").compute(), Compute::bf16);
}

TEST(Weights, LinearLayersTakeWhatTheyAreComputedIn) {
  std::map<std::string, mx::array> arrays;
  for (const char* name : {"a", "b", "c"}) {
    arrays.emplace(
        std::string(name) + ".weight",
        mx::ones({4, 6}, mx::float16));
  }
  const auto weights = std::make_shared<Weights>(std::move(arrays));
  weights->compute_in(Compute::int8, {.exact = {"b"}, .int12 = {"c"}});
  const Scope at(weights);
  const Linear a{at / "a", 6, 4, kNoBias}, b{at / "b", 6, 4, kNoBias},
      c{at / "c", 6, 4, kNoBias};
  EXPECT_NO_THROW(weights->finish());
  EXPECT_TRUE(a.weight.int8().has_value());
  EXPECT_FALSE(b.weight.int8().has_value());
  EXPECT_EQ(b.weight.array().dtype(), mx::float16);
  EXPECT_TRUE(c.weight.int12().has_value());
  EXPECT_EQ(c.weight.compute(), Compute::f32);
}

TEST(Weights, RefuseLayersToStayExactThatNobodyBuilt) {
  const auto weights = std::make_shared<Weights>(Weights::dry());
  weights->compute_in(
      Compute::int8,
      {.exact = {"a.query", "b"}, .scores = {"c"}});
  const Scope at(weights);
  EXPECT_EQ((at / "b").compute(), Compute::f32);
  try {
    weights->finish();
    FAIL() << "a.query and c are none of the model's";
  } catch (const ArgumentError& error) {
    EXPECT_NE(
        std::string(error.what()).find("no linear layer a.query, c:"),
        std::string::npos)
        << error.what();
  }
  EXPECT_EQ((at / "a" / "query").compute(), Compute::f32);
  EXPECT_EQ((at / "c").compute(), Compute::f32);
  EXPECT_NO_THROW(weights->finish());
}

TEST(Weights, RefuseAnAutomaticThatWasNotResolved) {
  auto weights = Weights::dry();
  EXPECT_THROW(weights.compute_in(Compute::automatic), ArgumentError);
}

/// A module of modules, as models are.
struct Block {
  Scope at;
  int n_state;
  bool with_cross = false;

  Linear query{at / "query", n_state, n_state};
  Linear key{at / "key", n_state, n_state, kNoBias};
  LayerNorm ln{at / "ln", n_state};
  std::optional<Linear> cross =
      maybe<Linear>(with_cross, at / "cross", n_state, n_state);
};

struct Model {
  Scope at;
  int n_layer;
  int n_state;

  Embedding token_embedding{at / "token_embedding", 7, n_state};
  std::vector<Block> blocks =
      each<Block>(at / "blocks", n_layer, n_state, true);
  Maybe table = at.optional_param("table", {3, n_state});
};

TEST(Weights, DryModulesListTheirParameters) {
  const auto weights = std::make_shared<Weights>(Weights::dry());
  const Model model{Scope(weights), 2, 4};
  weights->finish();
  std::map<std::string, mx::Shape> declared;
  for (const auto& d : weights->declared()) {
    declared.emplace(d.name, d.shape);
    EXPECT_EQ(d.optional, d.name == "table");
  }
  EXPECT_EQ(declared.size(), 2 + 2 * 7);
  EXPECT_EQ(declared.at("token_embedding.weight"), (mx::Shape{7, 4}));
  EXPECT_EQ(declared.at("blocks.1.query.bias"), (mx::Shape{4}));
  EXPECT_EQ(declared.at("blocks.0.cross.weight"), (mx::Shape{4, 4}));
  EXPECT_FALSE(declared.contains("blocks.0.key.bias"));
  EXPECT_FALSE(model.table);
}

TEST(Weights, AnErrorListsAllThatDoesNotFit) {
  Checkpoint file;
  file.path = "some/model.safetensors";
  file.tensors["query.weight"] = ones({4, 4});
  file.tensors["query.bias"] = ones({5});
  file.tensors["key.weight"] = tensor_of(
      DType::f32,
      {4, 4},
      std::vector<float>(16, std::numeric_limits<float>::quiet_NaN()));
  file.tensors["ln.weight"] = ones({4});
  file.tensors["surplus"] = ones({2, 3});
  const auto weights = std::make_shared<Weights>(file);
  const Block block{Scope(weights), 4};
  const std::string message = message_of(*weights);
  expect_in(message, "some/model.safetensors");
  expect_in(message, "1 missing: ln.bias [4]; ");
  expect_in(message, "1 misshapen: query.bias: expected [4], got [5]; ");
  expect_in(message, "1 not finite (NaN or infinite): key.weight; ");
  expect_in(message, "1 unused: surplus [2, 3]: ");
  expect_in(message, "the weights are damaged: get them again");
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Weights, OnlyWhatIsNoNumberIsDamage) {
  Checkpoint file;
  file.tensors["surplus"] = ones({2, 3});
  Weights weights(file);
  expect_in(
      message_of(weights),
      "use the weights and the configuration of one checkpoint");
}

TEST(Weights, AnErrorNamesAFewOfMany) {
  Weights weights(std::map<std::string, mx::array>{});
  for (int i = 0; i < 30; ++i) {
    weights.take(fmt::format("w{}", i), {1});
  }
  expect_in(message_of(weights), "30 missing: w0 [1], w1 [1]");
  expect_in(message_of(weights), "w19 [1] and 10 more: ");
}

TEST(Weights, ANameIsDeclaredOnce) {
  const auto weights = std::make_shared<Weights>(Weights::dry());
  const LayerNorm first{Scope(weights) / "ln", 4};
  const LayerNorm second{Scope(weights) / "ln", 4};
  expect_in(message_of(*weights), "2 declared twice by the model");
}

TEST(Weights, AllThatFitsIsTaken) {
  std::map<std::string, mx::array> arrays;
  arrays.emplace("ln.weight", mx::full({4}, 2.0f));
  arrays.emplace("ln.bias", mx::full({4}, 3.0f));
  arrays.emplace("table", mx::full({2}, 5.0f));
  const auto weights = std::make_shared<Weights>(arrays);
  const Scope at(weights);
  EXPECT_TRUE(at.has("table"));
  const LayerNorm ln{at / "ln", 4};
  const Maybe table = at.optional_param("table", {2});
  weights->finish();
  EXPECT_FALSE(at.has("table"));
  ASSERT_TRUE(table);
  EXPECT_EQ(mx::sum(*table).item<float>(), 10.0f);
  EXPECT_EQ(mx::sum(ln.weight).item<float>(), 8.0f);
}

TEST(Weights, AnOptionalParameterOfAnotherShapeIsAnError) {
  std::map<std::string, mx::array> arrays;
  arrays.emplace("table", mx::zeros({2}));
  Weights weights(arrays);
  weights.take_optional("table", {3});
  expect_in(message_of(weights), "1 misshapen");
}

TEST(Weights, ModulesMayBeCopied) {
  std::map<std::string, mx::array> arrays;
  arrays.emplace("ln.weight", mx::ones({4}));
  arrays.emplace("ln.bias", mx::zeros({4}));
  const auto weights = std::make_shared<Weights>(arrays);
  std::optional<LayerNorm> ln = LayerNorm{Scope(weights) / "ln", 4};
  weights->finish();
  const LayerNorm copy = *ln;
  const mx::array x({1.0f, 2.0f, 3.0f, 4.0f}, {1, 4});
  const auto before = (*ln)(x);
  mx::eval(before);
  ln.reset();
  EXPECT_TRUE(mx::array_equal(copy(x), before).item<bool>());
}

TEST(ToArray, SharesTheTensorsMemoryAndKeepsItAlive) {
  auto tensor = tensor_of(DType::f32, {3}, std::vector<float>{1, 2, 3});
  const void* const bytes = tensor.bytes.data();
  std::weak_ptr<const void> watch = tensor.owner;
  {
    const mx::array array = to_array(tensor);
    tensor = Tensor();
    EXPECT_EQ(array.data<void>(), bytes);
    EXPECT_FALSE(watch.expired());
    EXPECT_EQ(mx::sum(array).item<float>(), 6.0f);
    // MLX may not write into memory that is not its own.
    EXPECT_FALSE(array.is_donatable());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(ToArray, CopiesWhatIsNotAligned) {
  std::vector<std::uint8_t> bytes(13);
  const float numbers[] = {1, 2, 3};
  std::memcpy(bytes.data() + 1, numbers, 12);
  auto tensor = tensor_of(DType::u8, {13}, bytes);
  tensor.dtype = DType::f32;
  tensor.shape = {3};
  tensor.bytes = tensor.bytes.subspan(1);
  EXPECT_EQ(mx::sum(to_array(tensor)).item<float>(), 6.0f);
}

TEST(ToArray, KnowsEveryType) {
  using Bytes = std::vector<std::uint8_t>;
  const std::pair<DType, mx::Dtype> types[] = {
      {DType::boolean, mx::bool_},
      {DType::u8, mx::uint8},
      {DType::i8, mx::int8},
      {DType::i16, mx::int16},
      {DType::u16, mx::uint16},
      {DType::i32, mx::int32},
      {DType::i64, mx::int64},
      {DType::f16, mx::float16},
      {DType::bf16, mx::bfloat16},
      {DType::f32, mx::float32},
      {DType::f64, mx::float64}};
  for (const auto& [ours, theirs] : types) {
    auto tensor = tensor_of(ours, {2}, Bytes(2 * size_of(ours)));
    EXPECT_EQ(to_array(tensor).dtype(), theirs);
    tensor.shape = {3};
    EXPECT_THROW(to_array(tensor), WeightError);
  }
  EXPECT_EQ(
      to_array(tensor_of(DType::f32, {0, 2}, Bytes())).shape(),
      (mx::Shape{0, 2}));
}

TEST(Weights, InfinitiesOfEveryTypeAreFound) {
  const std::pair<DType, std::vector<std::uint16_t>> tensors[] = {
      {DType::f16, {0x3c00, 0x7c00}},  // 1, infinity
      {DType::f16, {0xfe00, 0x0000}},  // NaN
      {DType::bf16, {0x3f80, 0xff80}}, // 1, minus infinity
      {DType::f32, {0x0000, 0x7f80, 0x0000, 0x0000}},
      {DType::f64, {0, 0, 0, 0x7ff0, 0, 0, 0, 0}}};
  for (const auto& [dtype, bits] : tensors) {
    Checkpoint file;
    file.tensors["x"] = tensor_of(dtype, {2}, bits);
    Weights weights(file);
    weights.take("x", {2});
    expect_in(message_of(weights), "1 not finite");
  }
  Checkpoint file;
  file.tensors["x"] =
      tensor_of(DType::f16, {2}, std::vector<std::uint16_t>{0x7bff, 0xfbff});
  Weights weights(file);
  weights.take("x", {2});
  EXPECT_EQ(message_of(weights), "");
}

TEST(Weights, StayReadableWhenTheirPlaceInTheFileIsForgotten) {
  const TempFolder folder;
  const std::vector<float> numbers(10000, 0.25f);
  const auto file = MappedFile::open(folder.write(
      "numbers",
      std::string(
          reinterpret_cast<const char*>(numbers.data()),
          numbers.size() * sizeof(float))));
  Checkpoint checkpoint;
  for (const char* name : {"a.weight", "b.weight"}) {
    checkpoint.tensors[name] =
        mapped_tensor(DType::f32, {100, 100}, file->bytes(), file);
  }
  const auto weights = std::make_shared<Weights>(checkpoint);
  weights->compute_in(Compute::f32, {.int12 = {"a"}});
  const Scope at(weights);
  const Linear a{at / "a", 100, 100, kNoBias}, b{at / "b", 100, 100, kNoBias};
  (at / "b").forget("weight");
  at.forget("nothing");
  EXPECT_NO_THROW(weights->finish());
  EXPECT_TRUE(a.weight.int12());
  EXPECT_TRUE(mx::array_equal(b.weight.array(), mx::full({100, 100}, 0.25f))
                  .item<bool>());
}

} // namespace
} // namespace mlxaudio
