// SPDX-License-Identifier: MIT

// Each op's kernel against its composite, over shapes, layouts and types.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels/blas/forward.h"
#include "kernels/settings.h"
#include "mlx/device.h"
#include "mlx/ops.h"
#include "mlx/random.h"
#include "mlx/transforms.h"
#include "mlx/utils.h"
#include "mlxaudio/error.h"
#include "ops/append.h"
#include "ops/attention.h"
#include "ops/composite.h"
#include "ops/conv1d.h"
#include "ops/gelu.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/logits.h"
#include "ops/softmax.h"

namespace mlxaudio::ops {
namespace {

class Ops : public ::testing::Test {
 protected:
  Ops() : device_(mx::default_device()), enabled_(kernels::enabled()) {
    mx::set_default_device(mx::Device::cpu);
    kernels::set_enabled(true);
  }
  ~Ops() override {
    mx::set_default_device(device_);
    kernels::set_enabled(enabled_);
  }

  mx::array normal(
      const mx::Shape& shape, mx::Dtype dtype = mx::float32, float by = 1) {
    const auto key = mx::random::key(++seed_);
    return mx::astype(
        mx::multiply(
            mx::random::normal(shape, mx::float32, key),
            mx::array(by)),
        dtype);
  }

 private:
  mx::Device device_;
  bool enabled_;
  std::uint64_t seed_ = 0;
};

/// Greatest difference; infinite if shapes or types differ or one has NaN.
float distance(const mx::array& a, const mx::array& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) {
    return std::numeric_limits<float>::infinity();
  }
  if (a.size() == 0) {
    return 0;
  }
  const float off = mx::max(mx::abs(mx::subtract(a, b))).item<float>();
  return std::isnan(off) ? std::numeric_limits<float>::infinity() : off;
}

const mx::Dtype kWeightTypes[] = {mx::float32, mx::float16, mx::bfloat16};

TEST_F(Ops, LinearAgreesWithItsComposite) {
  for (const auto dtype : kWeightTypes) {
    for (const mx::Shape& shape :
         {mx::Shape{40},
          mx::Shape{3, 40},
          mx::Shape{2, 9, 40},
          mx::Shape{0, 40}}) {
      const auto x = normal(shape);
      const auto w = normal({70, 40}, dtype, 0.2f);
      auto result = shape;
      result.back() = 70;
      Epilogue e{.bias = normal({70}, dtype)};
      EXPECT_LT(
          distance(linear(x, LinearWeight(w), e), composite::linear(x, w, e)),
          2e-6f);
      e.activation = Activation::gelu;
      e.residual = normal(result);
      EXPECT_LT(
          distance(linear(x, LinearWeight(w), e), composite::linear(x, w, e)),
          4e-6f);
      e.bias.reset();
      EXPECT_LT(
          distance(linear(x, LinearWeight(w), e), composite::linear(x, w, e)),
          4e-6f);
    }
  }
}

TEST_F(Ops, LinearTakesAnyLayout) {
  const auto x = mx::transpose(normal({40, 11}));
  const auto w = mx::transpose(normal({40, 70}));
  const auto r = mx::transpose(normal({70, 11}));
  const auto b = mx::slice(normal({140}), {0}, {140}, {2});
  const Epilogue e{.bias = b, .residual = r};
  EXPECT_LT(
      distance(linear(x, LinearWeight(w), e), composite::linear(x, w, e)),
      2e-5f);
  const auto one = mx::slice(x, {3, 0}, {4, 40});
  EXPECT_LT(
      distance(linear(one, LinearWeight(w)), composite::linear(one, w)),
      2e-5f);
}

TEST_F(Ops, LinearTakesHalfPrecisionX) {
  const auto x = normal({4, 40}, mx::float16), w = normal({8, 40});
  const auto y = linear(x, LinearWeight(w));
  EXPECT_EQ(y.dtype(), mx::float32);
  EXPECT_LT(distance(y, composite::linear(x, w)), 1e-5f);
}

TEST_F(Ops, LinearRefusesWhatDoesNotFit) {
  const LinearWeight w(normal({8, 40}));
  EXPECT_THROW(linear(normal({4, 41}), w), ArgumentError);
  EXPECT_THROW(
      linear(normal({4, 40}), w, {.bias = normal({7})}),
      ArgumentError);
  EXPECT_THROW(
      linear(normal({4, 40}), w, {.residual = normal({4, 7})}),
      ArgumentError);
  EXPECT_THROW(LinearWeight(normal({8})), ArgumentError);
}

TEST_F(Ops, LinearInInt8AgreesWithItsComposite) {
  for (const auto dtype : kWeightTypes) {
    for (const int in : {40, 64, 200}) {
      for (const mx::Shape& shape :
           {mx::Shape{in}, mx::Shape{3, in}, mx::Shape{2, 9, in}}) {
        const auto x = normal(shape);
        const LinearWeight w(normal({70, in}, dtype, 0.2f), Compute::int8);
        EXPECT_EQ((mx::Shape{w.out(), w.in()}), (mx::Shape{70, in}));
        auto result = shape;
        result.back() = 70;
        const Epilogue e{
            .bias = normal({70}, dtype),
            .activation = Activation::gelu,
            .residual = normal(result)};
        // Where x lies between two values, either may be taken: such a step is
        // a two thousandth of the greatest number.
        const bool many = shape.size() == 3;
        EXPECT_LT(
            distance(
                linear(x, w, e),
                composite::linear_int8(x, *w.int8(), many, e)),
            many ? 1e-3f : 4e-6f);
      }
    }
  }
}

TEST_F(Ops, LinearIn12BitsAgreesWithItsComposite) {
  for (const auto dtype : kWeightTypes) {
    for (const int in : {40, 128, 200}) {
      for (const mx::Shape& shape :
           {mx::Shape{in}, mx::Shape{3, in}, mx::Shape{2, 9, in}}) {
        const auto x = normal(shape);
        const auto array = normal({70, in}, dtype, 0.2f);
        const auto w = LinearWeight::in_12_bits(array);
        EXPECT_EQ((mx::Shape{w.out(), w.in()}), (mx::Shape{70, in}));
        EXPECT_EQ(w.dtype(), dtype);
        auto result = shape;
        result.back() = 70;
        const Epilogue e{
            .bias = normal({70}, dtype),
            .activation = Activation::gelu,
            .residual = normal(result)};
        const bool few = shape.size() < 3;
        EXPECT_LT(
            distance(
                linear(x, w, e),
                composite::linear_int12(x, *w.int12(), few, e)),
            few ? 2e-4f : 2e-5f); // one of them may round a tie the other way
        EXPECT_LT(distance(linear(x, w), composite::linear(x, array)), 5e-3f);
        EXPECT_LT(distance(scores(x, w), linear(x, w)), 0.2f);
      }
    }
  }
}

TEST_F(Ops, WeightsIn12BitsAreNearTheirOwnAndHaveNoOtherArray) {
  const auto array = normal({70, 200}, mx::float16, 0.2f);
  const auto w = LinearWeight::in_12_bits(array);
  EXPECT_THROW(w.array(), ArgumentError);
  const auto near = composite::dequantize(*w.int12(), 200);
  EXPECT_LT(distance(near, mx::astype(array, mx::float32)), 3e-4f);
  for (const auto& indices :
       {mx::array({3, 0, 69, 3}, {2, 2}),
        mx::astype(mx::array({7, 1}, {2}), mx::uint8),
        mx::array({-1}, {1, 1})}) {
    const auto expected = mx::take(near, indices, 0);
    EXPECT_EQ(distance(take_rows(w, indices), expected), 0);
    EXPECT_EQ(
        distance(composite::take_rows(*w.int12(), indices, 200), expected),
        0);
  }
  EXPECT_THROW(
      LinearWeight::in_12_bits(mx::zeros({4, 4}, mx::int32)),
      ArgumentError);
  EXPECT_THROW(
      LinearWeight::in_12_bits(mx::zeros({0, 4}, mx::float32)),
      ArgumentError);
  EXPECT_THROW(LinearWeight::in_12_bits(mx::zeros({4})), ArgumentError);
}

TEST_F(Ops, ScoresHaveTheGreatestOfTheProduct) {
  const auto x = normal({3, 64}), array = normal({5000, 64}, mx::float16);
  const auto w = LinearWeight::in_12_bits(array);
  const auto all = linear(x, w), screened = scores(x, w);
  EXPECT_EQ(all.shape(), screened.shape());
  EXPECT_EQ(
      distance(
          mx::astype(mx::argmax(all, -1), mx::float32),
          mx::astype(mx::argmax(screened, -1), mx::float32)),
      0);
  EXPECT_LT(distance(mx::max(all, -1), mx::max(screened, -1)), 1e-5f);
  EXPECT_GT(distance(all, screened), 1e-4f);
  // Many rows, and weights of other kinds, are computed as ever.
  const auto many = normal({9, 64});
  EXPECT_EQ(distance(scores(many, w), linear(many, w)), 0);
  const LinearWeight whole(array);
  EXPECT_EQ(distance(scores(x, whole), linear(x, whole)), 0);
  EXPECT_THROW(scores(normal({3, 65}), w), ArgumentError);
  // What is said to be for scores alone gives them, but where more follows.
  auto told = w;
  told.only_for_scores();
  EXPECT_EQ(distance(linear(x, told), screened), 0);
  EXPECT_EQ(distance(linear(many, told), linear(many, w)), 0);
  LinearWeight told_whole(array);
  told_whole.only_for_scores();
  EXPECT_EQ(distance(linear(x, told_whole), linear(x, whole)), 0);
  const Epilogue e{.bias = normal({5000})};
  EXPECT_EQ(distance(linear(x, told, e), linear(x, w, e)), 0);
}

TEST_F(Ops, AttentionReadsKeysAndValuesInHalfPrecision) {
  for (const auto dtype : {mx::float16, mx::bfloat16}) {
    for (const int queries : {1, 40}) {
      const auto q = normal({2, queries, 64});
      const auto k = normal({2, 70, 64}, dtype), v = normal({2, 70, 64}, dtype);
      EXPECT_LT(
          distance(
              attention(q, k, v, 4, 0.5f, false),
              composite::attention(q, k, v, 4, 0.5f, false).out),
          2e-5f);
    }
  }
}

TEST_F(Ops, ProductsAreKeptInF16WhereThatIsSaid) {
  for (const int rows : {2, 20}) {
    const auto x = normal({rows, 64}), array = normal({70, 64}, mx::float16);
    LinearWeight w(array, Compute::int8);
    const auto wide = linear(x, w);
    w.give_f16();
    EXPECT_EQ(linear(x, w).dtype(), mx::float16);
    EXPECT_EQ(
        distance(
            mx::astype(linear(x, w), mx::float32),
            mx::astype(narrow(wide), mx::float32)),
        0);
  }
}

TEST_F(Ops, NarrowsToF16) {
  const auto x = normal({3, 70});
  const auto y = narrow(x);
  EXPECT_EQ(y.dtype(), mx::float16);
  EXPECT_EQ(
      distance(
          mx::astype(y, mx::float32),
          mx::astype(mx::astype(x, mx::float16), mx::float32)),
      0);
  EXPECT_EQ(narrow(y).dtype(), mx::float16);
}

TEST_F(Ops, LinearInBf16AgreesWithItsComposite) {
  for (const auto dtype : kWeightTypes) {
    const auto x = normal({2, 9, 40});
    const auto array = normal({70, 40}, dtype, 0.2f);
    const LinearWeight w(array, Compute::bf16);
    const Epilogue e{
        .bias = normal({70}, dtype),
        .activation = Activation::gelu,
        .residual = normal({2, 9, 70})};
    EXPECT_LT(
        distance(linear(x, w, e), composite::linear_bf16(x, array, e)),
        1e-5f);
    // A decoder's step stays as it is.
    const auto few = normal({3, 40});
    EXPECT_EQ(distance(linear(few, w), linear(few, LinearWeight(array))), 0);
  }
}

/// Weights as `mx::quantize` packs them.
LinearWeight::Affine quantized(const mx::array& w, int group_size, int bits) {
  const auto parts = mx::quantize(w, group_size, bits);
  return {parts[0], parts[1], parts[2], group_size, bits};
}

TEST_F(Ops, LinearOfQuantizedWeightsAgreesWithMlx) {
  for (const auto dtype : kWeightTypes) {
    for (const int bits : {4, 8}) {
      for (const int group_size : {32, 64, 128}) {
        const int in = 3 * group_size;
        const auto w =
            quantized(normal({70, in}, dtype, 0.2f), group_size, bits);
        const LinearWeight weight(w);
        EXPECT_EQ((mx::Shape{weight.out(), weight.in()}), (mx::Shape{70, in}));
        EXPECT_EQ(weight.dtype(), dtype);
        for (const mx::Shape& shape :
             {mx::Shape{in},
              mx::Shape{3, in},
              mx::Shape{8, in},
              mx::Shape{2, 9, in},
              mx::Shape{0, in}}) {
          const auto x = normal(shape);
          auto result = shape;
          result.back() = 70;
          Epilogue e{.bias = normal({70}, dtype)};
          EXPECT_LT(
              distance(linear(x, weight, e), composite::linear_affine(x, w, e)),
              2e-5f);
          e.activation = Activation::gelu;
          e.residual = normal(result);
          EXPECT_LT(
              distance(linear(x, weight, e), composite::linear_affine(x, w, e)),
              2e-5f);
        }
      }
    }
  }
}

TEST_F(Ops, LinearOfQuantizedWeightsTakesAnyLayout) {
  const auto w = quantized(normal({64, 128}, mx::float32, 0.2f), 64, 4);
  // Each second row, of arrays that are not dense.
  const auto half = [](const mx::array& a) {
    return mx::slice(a, {0, 0}, a.shape(), {2, 1});
  };
  const LinearWeight::Affine thin{
      half(w.values),
      half(w.scales),
      half(w.biases),
      64,
      4};
  const auto x = mx::transpose(normal({128, 3}));
  EXPECT_LT(
      distance(
          linear(x, LinearWeight(thin)),
          composite::linear_affine(x, thin)),
      2e-5f);
}

TEST_F(Ops, QuantizedWeightsInBf16AreRoundedOnceMore) {
  const auto w = quantized(normal({70, 192}, mx::float16, 0.2f), 64, 4);
  const LinearWeight weight(w, Compute::bf16);
  const Epilogue e{.bias = normal({70})};
  const auto x = normal({2, 9, 192});
  EXPECT_LT(
      distance(
          linear(x, weight, e),
          composite::linear_bf16(x, composite::dequantize(w), e)),
      2e-5f);
  const auto few = normal({3, 192});
  EXPECT_EQ(distance(linear(few, weight), linear(few, LinearWeight(w))), 0);
}

TEST_F(Ops, QuantizedWeightsInInt8AreRoundedAnew) {
  const auto w = quantized(normal({70, 192}, mx::float16, 0.2f), 32, 4);
  const LinearWeight weight(w, Compute::int8);
  EXPECT_FALSE(weight.affine().has_value());
  const LinearWeight plain(composite::dequantize(w), Compute::int8);
  EXPECT_LE(
      distance(
          mx::astype(weight.int8()->values, mx::int32),
          mx::astype(plain.int8()->values, mx::int32)),
      1);
  EXPECT_LT(distance(weight.int8()->scales, plain.int8()->scales), 1e-8f);
}

TEST_F(Ops, RowsOfQuantizedWeightsAreThoseOfMlx) {
  for (const int bits : {4, 8}) {
    const auto w = quantized(normal({50, 64}, mx::float16, 0.2f), 32, bits);
    const auto table = composite::dequantize(w);
    for (const auto& indices :
         {mx::array({3, 0, 49, 3}, {2, 2}),
          mx::astype(mx::array({7, 1}, {2}), mx::uint8),
          mx::array(5),
          mx::array({-1}, {1, 1})}) {
      const auto expected = mx::take(table, indices, 0);
      EXPECT_LT(distance(take_rows(LinearWeight(w), indices), expected), 1e-7f);
      EXPECT_LT(distance(composite::take_rows(w, indices), expected), 1e-7f);
    }
  }
}

TEST_F(Ops, QuantizedWeightsThatDoNotFitAreRefused) {
  const auto w = quantized(normal({8, 128}), 64, 4);
  const auto refused = [](LinearWeight::Affine wrong) {
    EXPECT_THROW(LinearWeight{std::move(wrong)}, ArgumentError);
  };
  refused({w.values, w.scales, w.biases, 64, 2});
  refused({w.values, w.scales, w.biases, 16, 4});
  refused({w.values, w.scales, w.biases, 128, 4});
  refused({w.values, w.scales, w.biases, 64, 8});
  refused({w.values, w.scales, mx::zeros({8, 3}), 64, 4});
  refused({w.values, mx::zeros({8, 2}, mx::int32), w.biases, 64, 4});
  refused({mx::astype(w.values, mx::int32), w.scales, w.biases, 64, 4});
  refused({mx::zeros({16}, mx::uint32), w.scales, w.biases, 64, 4});
  refused({mx::zeros({8, 3}, mx::uint32), w.scales, w.biases, 64, 4});
  EXPECT_THROW(LinearWeight(w, Compute::automatic), ArgumentError);
  EXPECT_THROW(LinearWeight(w).array(), ArgumentError);
  EXPECT_THROW(
      take_rows(LinearWeight(w, Compute::int8), mx::array(0)),
      ArgumentError);
}

TEST_F(Ops, PackedWeightsAreNearTheirOwnAndHaveNoOtherArray) {
  const auto array = normal({70, 200}, mx::float16, 0.2f);
  const LinearWeight w(array, Compute::int8);
  EXPECT_THROW(w.array(), ArgumentError);
  EXPECT_EQ(w.int8()->values.dtype(), mx::int8);
  EXPECT_EQ(w.int8()->scales.shape(), (mx::Shape{70, 7}));
  const auto x = normal({200}), exact = composite::linear(x, array);
  EXPECT_LT(distance(linear(x, w), exact), 0.05f);
  EXPECT_GT(distance(linear(x, w), exact), 0);
  // In MLX's own operations, group by group.
  const auto padded = mx::reshape(
      mx::pad(mx::astype(array, mx::float32), {{0, 0}, {0, 24}}),
      {70, 7, 32});
  const auto scales =
      mx::divide(mx::max(mx::abs(padded), -1), mx::array(127.0f));
  EXPECT_LT(distance(w.int8()->scales, scales), 1e-8f);
  const auto values =
      mx::round(mx::divide(padded, mx::expand_dims(scales, -1)));
  EXPECT_LE(
      distance(
          mx::astype(w.int8()->values, mx::float32),
          mx::reshape(values, {70, 224})),
      1.0f);
  EXPECT_THROW(
      LinearWeight(mx::zeros({4, 4}, mx::int32), Compute::int8),
      ArgumentError);
  EXPECT_THROW(
      LinearWeight(mx::zeros({0, 4}, mx::float32), Compute::int8),
      ArgumentError);
  EXPECT_THROW(LinearWeight(array, Compute::automatic), ArgumentError);
}

TEST_F(Ops, ResidualsOfEveryTypeAreAddedAsWhatTheyAre) {
  const auto x = normal({9, 64}), w = normal({32, 64}, mx::float32, 0.2f);
  const auto r = mx::round(mx::multiply(normal({9, 32}), mx::array(8.0f)));
  for (const auto type : {mx::float32, mx::float16, mx::bfloat16, mx::int32}) {
    for (const auto compute : {Compute::f32, Compute::int8}) {
      const LinearWeight weight(w, compute);
      EXPECT_LT(
          distance(
              linear(x, weight, {.residual = mx::astype(r, type)}),
              mx::add(linear(x, weight), r)),
          // The composite may round an input in 8 bits the other way.
          compute == Compute::int8 ? 1e-2f : 2e-5f);
    }
  }
}

TEST_F(Ops, ConvolutionAgreesWithItsComposite) {
  for (const auto dtype : kWeightTypes) {
    for (const int stride : {1, 2, 3}) {
      for (const int padding : {0, 1, 4}) {
        for (const int taps : {1, 3, 5}) {
          const auto x = normal({2, 23, 12});
          const ConvWeight w(normal({33, taps, 12}, dtype, 0.2f));
          const auto b = normal({33}, dtype);
          for (const auto act : {Activation::none, Activation::gelu}) {
            EXPECT_LT(
                distance(
                    conv1d(x, w, b, stride, padding, act),
                    composite::conv1d(x, w.array(), b, stride, padding, act)),
                4e-6f);
          }
          EXPECT_LT(
              distance(
                  conv1d(x, w, {}, stride, padding),
                  composite::conv1d(
                      x,
                      w.array(),
                      {},
                      stride,
                      padding,
                      Activation::none)),
              4e-6f);
        }
      }
    }
  }
}

TEST_F(Ops, ConvolutionRefusesWhatDoesNotFit) {
  const ConvWeight w(normal({4, 3, 5}));
  EXPECT_THROW(conv1d(normal({1, 9, 6}), w, {}), ArgumentError);
  EXPECT_THROW(conv1d(normal({1, 2, 5}), w, {}), ArgumentError);
  EXPECT_THROW(conv1d(normal({1, 9, 5}), w, normal({3})), ArgumentError);
  EXPECT_THROW(conv1d(normal({1, 9, 5}), w, {}, 0), ArgumentError);
  EXPECT_THROW(conv1d(normal({1, 9, 5}), w, {}, 1, -1), ArgumentError);
  EXPECT_THROW(ConvWeight(normal({4, 3})), ArgumentError);
}

TEST_F(Ops, AttentionAgreesWithItsComposite) {
  const float scale = std::pow(16.0f, -0.25f);
  for (const int queries : {1, 3, 30}) {
    for (const int keys : {30, 70}) {
      for (const bool causal : {false, true}) {
        const auto q = normal({2, queries, 48});
        // Views of a cache: rows apart, batches farther apart.
        const auto view = [&](const mx::array& buffer) {
          return mx::slice(buffer, {0, 0, 0}, {2, keys, 48});
        };
        const auto k = view(normal({2, 100, 48}));
        const auto v = view(normal({2, 100, 48}));
        const auto kernel = attention(q, k, v, 3, scale, causal);
        const auto plain = attention_with_scores(q, k, v, 3, scale, causal);
        EXPECT_LT(distance(kernel, plain.out), 3e-6f);
        EXPECT_EQ(plain.qk.shape(), (mx::Shape{2, 3, queries, keys}));
      }
    }
  }
}

TEST_F(Ops, TheCausalMaskIsFiniteInEveryType) {
  for (const mx::Dtype dtype : kWeightTypes) {
    const auto mask =
        mx::astype(composite::causal_mask(2, 3, dtype), mx::float32);
    const auto lowest = static_cast<float>(mx::finfo(dtype).min);
    const auto expected = mx::array({0.f, 0.f, lowest, 0.f, 0.f, 0.f}, {2, 3});
    EXPECT_TRUE(mx::array_equal(mask, expected).item<bool>()) << dtype;
    EXPECT_TRUE(mx::all(mx::isfinite(mask)).item<bool>()) << dtype;
  }
}

TEST_F(Ops, AttentionTakesAnyLayout) {
  const auto swapped = [&](int length) {
    return mx::transpose(normal({1, 32, length}), {0, 2, 1});
  };
  for (const int queries : {2, 20}) {
    const auto q = swapped(queries), k = swapped(25), v = swapped(25);
    EXPECT_LT(
        distance(
            attention(q, k, v, 2, 0.5f, false),
            composite::attention(q, k, v, 2, 0.5f, false).out),
        3e-6f);
  }
}

TEST_F(Ops, AttentionRefusesWhatDoesNotFit) {
  const auto q = normal({1, 4, 32}), k = normal({1, 6, 32});
  EXPECT_THROW(attention(q, k, k, 5, 1, false), ArgumentError);
  EXPECT_THROW(attention(q, k, q, 2, 1, false), ArgumentError);
  EXPECT_THROW(attention(k, q, q, 2, 1, true), ArgumentError);
  EXPECT_THROW(attention(q, normal({1, 0, 32}), k, 2, 1, false), ArgumentError);
  EXPECT_THROW(attention(q, normal({2, 6, 32}), k, 2, 1, false), ArgumentError);
}

TEST_F(Ops, RowsAgreeWithTheirComposites) {
  for (const int columns : {1, 7, 64, 515}) {
    const auto x = normal({2, 9, columns});
    const auto turned = mx::transpose(normal({columns, 9}));
    for (const auto& each : {x, turned}) {
      EXPECT_LT(distance(gelu(each), composite::gelu(each)), 1e-6f);
      EXPECT_LT(distance(ops::softmax(each), composite::softmax(each)), 1e-6f);
      for (const auto dtype : kWeightTypes) {
        const auto w = normal({columns}, dtype), b = normal({columns}, dtype);
        EXPECT_LT(
            distance(
                layer_norm(each, w, b, 1e-5f),
                composite::layer_norm(each, w, b, 1e-5f)),
            5e-6f);
      }
    }
  }
}

TEST_F(Ops, SoftmaxKnowsMasks) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto x = mx::array({1.0f, -inf, 2.0f, -inf}, {1, 4});
  EXPECT_LT(distance(ops::softmax(x), composite::softmax(x)), 1e-7f);
}

TEST_F(Ops, OffMeansTheComposite) {
  kernels::set_enabled(false);
  const auto x = normal({2, 5, 40}), w = normal({70, 40}), b = normal({70});
  const Epilogue e{.bias = b, .activation = Activation::gelu};
  EXPECT_EQ(
      distance(linear(x, LinearWeight(w), e), composite::linear(x, w, e)),
      0);
  const LinearWeight packed(w, Compute::int8);
  EXPECT_EQ(
      distance(
          linear(x, packed, e),
          composite::linear_int8(x, *packed.int8(), true, e)),
      0);
  EXPECT_EQ(
      distance(
          linear(x, LinearWeight(w, Compute::bf16), e),
          composite::linear_bf16(x, w, e)),
      0);
  EXPECT_EQ(distance(gelu(x), composite::gelu(x)), 0);
  EXPECT_EQ(distance(ops::softmax(x), composite::softmax(x)), 0);
}

TEST_F(Ops, MlxProductsGoThroughTheForwarder) {
  const auto before = mlxaudio_blas_calls();
  const auto a = normal({64, 64});
  mx::eval(mx::matmul(a, a));
  EXPECT_GT(mlxaudio_blas_calls(), before) << mlxaudio_blas_name();
}

TEST_F(Ops, ForwardedProductsAreRight) {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      const auto a = normal(ta ? mx::Shape{30, 7} : mx::Shape{7, 30});
      const auto b = normal(tb ? mx::Shape{9, 30} : mx::Shape{30, 9});
      const auto left = ta ? mx::transpose(a) : a;
      const auto right = tb ? mx::transpose(b) : b;
      const auto slow = mx::sum(
          mx::multiply(mx::expand_dims(left, 2), mx::expand_dims(right, 0)),
          1);
      EXPECT_LT(distance(mx::matmul(left, right), slow), 1e-5f);
    }
  }
}

TEST_F(Ops, AppendAgreesWithItsComposite) {
  for (const int row : {0, 3, 6}) {
    for (const int batch : {1, 3}) {
      const auto room = normal({batch, 9, 10});
      for (const auto& rows :
           {normal({batch, 1, 10}),
            normal({batch, 3, 10}),
            mx::transpose(normal({10, batch, 2}), {1, 2, 0})}) {
        mx::array own = room;
        EXPECT_EQ(
            distance(
                append(std::move(own), row, rows),
                composite::append(room, row, rows)),
            0.0f);
      }
    }
  }
}

TEST_F(Ops, AppendWritesInPlaceWhatNobodyElseHolds) {
  mx::array room = normal({2, 5, 8});
  mx::eval(room);
  const float* const place = room.data<float>();
  mx::array next = append(std::move(room), 2, normal({2, 1, 8}));
  mx::eval(next);
  EXPECT_EQ(next.data<float>(), place);

  const mx::array held = next;
  const mx::array before = mx::copy(next);
  mx::eval(before);
  const mx::array other = append(std::move(next), 3, normal({2, 1, 8}));
  mx::eval(other);
  EXPECT_NE(other.data<float>(), place);
  EXPECT_EQ(distance(held, before), 0.0f);
}

TEST_F(Ops, AppendComputesTheProductOfItsRows) {
  const auto w = LinearWeight(normal({8, 40}, mx::float16, 0.2f));
  const auto bias = normal({8}), scale = normal({40}), shift = normal({40});
  for (const int batch : {1, 3}) {
    for (const int length : {1, 2, 9}) {
      const auto x = normal({batch, length, 40});
      const auto room = normal({batch, 12, 8});
      mx::eval(x, room, bias, scale, shift);
      const auto rows = [&] {
        return linear(layer_norm(x, scale, shift, 1e-5f), w, {.bias = bias});
      };
      const auto apart = rows();
      mx::eval(apart); // no longer something that can be computed elsewhere
      mx::array first = room, second = room;
      EXPECT_EQ(
          distance(
              append(std::move(first), 2, rows()),
              append(std::move(second), 2, apart)),
          0.0f);
    }
  }
}

TEST_F(Ops, AppendRefusesWhatDoesNotFit) {
  const auto room = mx::zeros({2, 4, 8});
  const auto attempt = [&](int row, const mx::Shape& rows) {
    mx::array own = room;
    return append(std::move(own), row, mx::zeros(rows));
  };
  EXPECT_THROW(attempt(2, {2, 3, 8}), ArgumentError);
  EXPECT_THROW(attempt(-1, {2, 1, 8}), ArgumentError);
  EXPECT_THROW(attempt(0, {1, 1, 8}), ArgumentError);
  EXPECT_THROW(attempt(0, {2, 1, 7}), ArgumentError);
  EXPECT_THROW(attempt(0, {2, 8}), ArgumentError);
}

TEST_F(Ops, LinearNormalizesFewRowsItself) {
  for (const auto dtype : kWeightTypes) {
    const auto w = LinearWeight(normal({70, 40}, dtype, 0.2f));
    const auto scale = normal({40}, dtype), shift = normal({40}, dtype);
    const Epilogue e{
        .bias = normal({70}, dtype),
        .activation = Activation::gelu};
    for (const int rows : {1, 3, 8, 9}) {
      const auto x = normal({rows, 40});
      mx::eval(x, scale, shift);
      const auto normalized = layer_norm(x, scale, shift, 1e-5f);
      const auto together = linear(normalized, w, e);
      mx::eval(together);
      mx::eval(normalized);
      EXPECT_EQ(distance(together, linear(normalized, w, e)), 0.0f);
    }
  }
}

TEST_F(Ops, AttentionReadsTheBufferOfWhichItSeesTheFirstRows) {
  const auto q = normal({2, 1, 16});
  const auto buffer = normal({2, 20, 16}), other = normal({2, 20, 16});
  const auto part = [](const mx::array& a, int from, int to, int step = 1) {
    return mx::slice(a, {0, from, 0}, {2, to, 16}, {1, step, 1});
  };
  for (const auto& [from, to, step] :
       {std::tuple(0, 7, 1), std::tuple(2, 9, 1), std::tuple(0, 12, 3)}) {
    const auto keys = part(buffer, from, to, step);
    const auto values = part(other, from, to, step);
    const auto seen = attention(q, keys, values, 2, 0.5f, true);
    const auto k = mx::contiguous(keys), v = mx::contiguous(values);
    mx::eval(seen, k, v);
    EXPECT_EQ(distance(seen, attention(q, k, v, 2, 0.5f, true)), 0.0f);
  }
}

TEST_F(Ops, GreatestAgreesWithItsComposite) {
  for (const int n : {1, 2, 15, 16, 17, 511, 51865}) {
    const auto x = normal({n}, mx::float32, 8.0f);
    mx::eval(x);
    const std::span row(x.data<float>(), static_cast<std::size_t>(n));
    EXPECT_EQ(greatest(row), composite::greatest(row));
  }
  const std::vector<float> none(20, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(greatest(none), none.front());
}

TEST_F(Ops, LogSumExpAgreesWithItsComposite) {
  for (const int n : {1, 2, 15, 16, 17, 511, 512, 513, 51865}) {
    const auto x = normal({n}, mx::float32, 8.0f);
    mx::eval(x);
    const std::span row(x.data<float>(), static_cast<std::size_t>(n));
    EXPECT_NEAR(log_sum_exp(row), composite::log_sum_exp(row), 3e-7);
  }
}

TEST_F(Ops, LogSumExpOfWhatIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> none(20, -kInfinity);
  EXPECT_EQ(log_sum_exp(none), -kInfinity);
  std::vector<float> row(20, -kInfinity);
  row[7] = 2.5f;
  EXPECT_EQ(log_sum_exp(row), 2.5);
  row[3] = kInfinity;
  EXPECT_EQ(log_sum_exp(row), kInfinity);
}

} // namespace
} // namespace mlxaudio::ops
