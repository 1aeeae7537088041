// SPDX-License-Identifier: MIT

// Tape, KVCache and the layers.

#include <gtest/gtest.h>

#include "mlx/ops.h"
#include "mlx/transforms.h"
#include "mlxaudio/error.h"
#include "nn/conv1d.h"
#include "nn/embedding.h"
#include "nn/kv_cache.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/tape.h"
#include "ops/composite.h"

namespace mlxaudio {
namespace {

Scope scope_of(std::map<std::string, mx::array> arrays) {
  return Scope(std::make_shared<Weights>(std::move(arrays)), "");
}

/// Numbers that rise, of any shape.
mx::array ramp(const mx::Shape& shape) {
  int size = 1;
  for (const auto n : shape) {
    size *= n;
  }
  return mx::reshape(
      mx::multiply(mx::arange(static_cast<float>(size)), mx::array(0.01f)),
      shape);
}

Linear some_linear() {
  const Scope at =
      scope_of({{"lin.weight", ramp({3, 4})}, {"lin.bias", ramp({3})}});
  return Linear{at / "lin", 4, 3};
}

bool near(const mx::array& a, const mx::array& b) {
  return a.shape() == b.shape() && mx::allclose(a, b, 1e-5, 1e-6).item<bool>();
}

TEST(Linear, MapsTheLastAxis) {
  const Linear linear = some_linear();
  const auto x = ramp({2, 5, 4});
  const auto y = linear(x);
  EXPECT_TRUE(
      near(y, ops::composite::linear(x, ramp({3, 4}), {.bias = ramp({3})})));
  EXPECT_TRUE(near(linear.gelu(x), ops::composite::gelu(y)));
  const auto residual = ramp({2, 5, 3});
  EXPECT_TRUE(near(linear.add_to(residual, x), mx::add(residual, y)));
}

TEST(Conv1d, ConvolvesAndActivates) {
  const Scope at =
      scope_of({{"conv.weight", ramp({6, 3, 4})}, {"conv.bias", ramp({6})}});
  const Conv1d conv{at / "conv", 4, 6, 3, 2, 1};
  const auto x = ramp({1, 10, 4});
  const auto plain = ops::composite::conv1d(
      x,
      ramp({6, 3, 4}),
      ramp({6}),
      2,
      1,
      ops::Activation::none);
  EXPECT_TRUE(near(conv(x), plain));
  EXPECT_TRUE(near(conv.gelu(x), ops::composite::gelu(plain)));
}

TEST(Embedding, LooksUpAndMapsBack) {
  const Scope at =
      scope_of({{"e.weight", mx::astype(ramp({5, 4}), mx::float16)}});
  const Embedding embedding{at / "e", 5, 4};
  const auto y = embedding(mx::array({3, 0}, {1, 2}));
  EXPECT_EQ(y.shape(), (mx::Shape{1, 2, 4}));
  EXPECT_EQ(y.dtype(), mx::float32);
  const auto table = mx::astype(embedding.weight.array(), mx::float32);
  EXPECT_TRUE(
      near(mx::reshape(y, {2, 4}), mx::take(table, mx::array({3, 0}, {2}), 0)));
  EXPECT_TRUE(near(
      embedding.as_linear(ramp({2, 4})),
      mx::matmul(ramp({2, 4}), mx::transpose(table))));
}

TEST(Tape, RecordsWhileItIsAlive) {
  const Linear linear = some_linear();
  const auto x = ramp({2, 4});
  linear(x);
  Tape tape;
  const auto y = linear(x);
  EXPECT_TRUE(near(tape.at("lin"), y));
  EXPECT_EQ(Tape::active(), &tape);
  {
    Tape inner;
    linear(x);
    EXPECT_EQ(inner.seen().at("lin").size(), 1u);
  }
  EXPECT_EQ(tape.seen().at("lin").size(), 1u);
  linear(x);
  EXPECT_EQ(tape.seen().at("lin").size(), 2u);
  EXPECT_THROW(tape.at("lin"), ArgumentError);
  EXPECT_THROW(tape.at("nothing"), ArgumentError);
}

TEST(Tape, IsOffByDefault) {
  EXPECT_EQ(Tape::active(), nullptr);
}

TEST(Tape, SeesAFusedLayersOwnResult) {
  const Linear linear = some_linear();
  const auto x = ramp({2, 4});
  const auto plain = linear(x);
  const auto fused = linear.gelu(x);
  Tape tape;
  EXPECT_TRUE(near(linear.gelu(x), fused));
  EXPECT_TRUE(near(tape.at("lin"), plain));
}

TEST(Tape, ForcesTheReferencesArrays) {
  const Linear linear = some_linear();
  const auto x = ramp({2, 4});
  const auto own = linear(x);
  const auto reference = mx::full({2, 3}, 7.0f);
  Tape tape({{"lin", {reference}}});
  EXPECT_TRUE(near(linear(x), reference));
  // The reference has one call only; later ones go on with their own.
  EXPECT_TRUE(near(linear(x), own));
  EXPECT_TRUE(near(tape.seen().at("lin")[0], own));
}

TEST(Tape, RefusesAReferenceOfAnotherShape) {
  const Linear linear = some_linear();
  Tape tape({{"lin", {mx::zeros({3, 2})}}});
  EXPECT_THROW(linear(ramp({2, 4})), ArgumentError);
}

TEST(KVCache, AppendsInPlace) {
  auto cache = KVCache::make(1, 6, 4);
  mx::eval(cache.k, cache.v);
  const void* const buffer = cache.k.data<void>();
  for (int step = 0; step < 3; ++step) {
    const auto rows = mx::full({1, 2, 4}, static_cast<float>(step + 1));
    cache = append(std::move(cache), rows, mx::negative(rows));
    const auto keys = mx::sum(cache.keys());
    const auto values = mx::sum(cache.values());
    mx::eval(keys, values, cache.k, cache.v);
    const float sum = 8.0f * 0.5f * static_cast<float>((step + 1) * (step + 2));
    EXPECT_EQ(keys.item<float>(), sum);
    EXPECT_EQ(values.item<float>(), -sum);
    EXPECT_EQ(cache.length, 2 * (step + 1));
    EXPECT_EQ(cache.k.data<void>(), buffer);
  }
  EXPECT_EQ(cache.keys().shape(), (mx::Shape{1, 6, 4}));
}

TEST(KVCache, GathersItsSequences) {
  auto cache = KVCache::make(3, 5, 2);
  const mx::array rows = mx::reshape(mx::arange(12.0F), {3, 2, 2});
  cache = append(std::move(cache), rows, mx::negative(rows));
  mx::eval(cache.k, cache.v);
  const auto* buffer = cache.k.data<float>();

  const auto gathered = [](KVCache&& from, const std::vector<int>& sequences) {
    std::vector<KVCache> caches;
    caches.push_back(std::move(from));
    return std::move(gather(std::move(caches), sequences).front());
  };
  cache = gathered(std::move(cache), {2, 0, 0});
  const auto expected = mx::take(rows, mx::array({2, 0, 0}), 0);
  mx::eval(cache.k, cache.v);
  EXPECT_EQ(cache.k.data<float>(), buffer) << "not in place";
  EXPECT_TRUE(mx::array_equal(cache.keys(), expected).item<bool>());
  EXPECT_TRUE(
      mx::array_equal(cache.values(), mx::negative(expected)).item<bool>());

  // More sequences need another buffer; what is appended comes after.
  cache = gathered(std::move(cache), {0, 0, 1, 2});
  cache = append(
      std::move(cache),
      mx::full({4, 1, 2}, 99.0F),
      mx::full({4, 1, 2}, 98.0F));
  EXPECT_EQ(cache.capacity(), 5);
  EXPECT_EQ(cache.keys().shape(), (mx::Shape{4, 3, 2}));
  EXPECT_TRUE(mx::array_equal(
                  mx::slice(cache.keys(), {0, 0, 0}, {4, 2, 2}),
                  mx::take(expected, mx::array({0, 0, 1, 2}), 0))
                  .item<bool>());
  EXPECT_EQ(mx::slice(cache.keys(), {3, 2, 1}, {4, 3, 2}).item<float>(), 99);
}

TEST(KVCache, ACopyKeepsItsRows) {
  auto cache = KVCache::make(1, 3, 2);
  cache = append(std::move(cache), mx::ones({1, 1, 2}), mx::ones({1, 1, 2}));
  const KVCache fork = cache;
  mx::eval(fork.k, fork.v);
  const auto two = mx::full({1, 1, 2}, 2.0f);
  const auto three = mx::full({1, 1, 2}, 3.0f);
  const auto first = append(KVCache(fork), two, two);
  const auto second = append(std::move(cache), three, three);
  EXPECT_EQ(mx::sum(first.keys()).item<float>(), 6.0f);
  EXPECT_EQ(mx::sum(second.keys()).item<float>(), 8.0f);
  EXPECT_EQ(mx::sum(fork.k).item<float>(), 2.0f);
}

TEST(KVCache, RefusesMoreThanItHolds) {
  EXPECT_THROW(
      append(KVCache::make(1, 3, 2), mx::ones({1, 4, 2}), mx::ones({1, 4, 2})),
      ArgumentError);
  EXPECT_THROW(
      append(KVCache::make(1, 3, 2), mx::ones({1, 1, 2}), mx::ones({1, 2, 2})),
      ArgumentError);
  EXPECT_THROW(
      append(KVCache::make(2, 3, 2), mx::ones({1, 1, 2}), mx::ones({1, 1, 2})),
      ArgumentError);
}

} // namespace
} // namespace mlxaudio
