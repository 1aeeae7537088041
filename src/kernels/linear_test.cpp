// SPDX-License-Identifier: MIT
#include "kernels/linear.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kernels/test_support.h"

namespace mlxaudio::kernels {
namespace {

using test::Floats;

struct ProductCase {
  std::size_t rows, in, out;
};

/// A product with all that may follow it, and the same in double precision.
class Product {
 public:
  Product(ProductCase c, Type type, unsigned seed)
      : case_(c),
        x(test::normal(c.rows * c.in, seed)),
        weight(test::weights(test::normal(c.out * c.in, seed + 1, 0.1f), type)),
        bias(test::weights(test::normal(c.out, seed + 2), type)),
        residual(test::normal(c.rows * c.out, seed + 3)) {}

  Linear task(Floats& y) const {
    y.assign(case_.rows * case_.out, -77.0f);
    Linear task;
    task.x = x.data();
    task.stride = case_.in;
    task.rows = case_.rows;
    task.in = case_.in;
    task.out = case_.out;
    task.weight = weight.numbers();
    if (with_bias) {
      task.bias = bias.numbers();
    }
    task.gelu = with_gelu;
    task.residual = with_residual ? residual.data() : nullptr;
    task.y = y.data();
    return task;
  }

  Floats run() const {
    Floats y;
    const Linear t = task(y);
    case_.rows <= kMatvecRows ? matvec(t) : linear(t);
    return y;
  }

  double worst_error(const Floats& y) const {
    double worst = 0;
    for (std::size_t i = 0; i < case_.rows; ++i) {
      for (std::size_t j = 0; j < case_.out; ++j) {
        double sum = with_bias ? bias.worth[j] : 0;
        for (std::size_t k = 0; k < case_.in; ++k) {
          sum += static_cast<double>(x[i * case_.in + k]) *
                 weight.worth[j * case_.in + k];
        }
        if (with_gelu) {
          sum *= 0.5 * std::erfc(-sum / std::sqrt(2.0));
        }
        if (with_residual) {
          sum += residual[i * case_.out + j];
        }
        const double error = std::abs(sum - y[i * case_.out + j]);
        worst = error <= worst ? worst : error; // NaN is the worst
      }
    }
    return worst;
  }

  bool with_bias = true, with_gelu = false, with_residual = false;

 private:
  ProductCase case_;

 public:
  Floats x;
  test::Weights weight, bias;
  Floats residual;
};

constexpr ProductCase kProductCases[] = {
    {1, 1, 1},
    {1, 64, 64},
    {1, 17, 3},
    {2, 33, 65},
    {3, 128, 130},
    {4, 7, 200},
    {5, 80, 64},
    {6, 96, 31},
    {7, 513, 9},
    {8, 64, 129},
    {9, 1, 1},
    {13, 31, 65},
    {24, 512, 64},
    {25, 65, 63},
    {97, 130, 70},
    {200, 48, 1},
    {12, 1030, 64}};

TEST(Linear, AgreesWithDoublesOnEveryIsa) {
  test::on_every_isa([](const std::string& name) {
    unsigned seed = 1;
    for (const ProductCase c : kProductCases) {
      for (const Type type : {Type::f32, Type::f16, Type::bf16}) {
        for (unsigned extras = 0; extras < 8; ++extras) {
          Product product(c, type, seed++);
          product.with_bias = (extras & 1) != 0;
          product.with_gelu = (extras & 2) != 0;
          product.with_residual = (extras & 4) != 0;
          EXPECT_LT(product.worst_error(product.run()), 2e-5)
              << name << " " << c.rows << "x" << c.in << "x" << c.out
              << " type " << static_cast<int>(type) << " extras " << extras;
        }
      }
    }
  });
}

TEST(Linear, GivesTheSameBitsForEveryThreadCount) {
  test::on_every_isa([](const std::string& name) {
    for (const ProductCase c :
         {ProductCase{4, 512, 700}, ProductCase{300, 600, 130}}) {
      Product product(c, Type::f16, 5);
      EXPECT_TRUE(test::same_for_every_thread_count([&] {
        return product.run();
      })) << name;
    }
  });
}

TEST(Linear, ARowDoesNotDependOnTheOthers) {
  const ProductCase many{7, 300, 90}, one{1, 300, 90};
  Product all(many, Type::f16, 3);
  const Floats y = all.run();
  for (std::size_t i = 0; i < many.rows; ++i) {
    Product single(one, Type::f16, 3);
    single.weight = all.weight;
    single.bias = all.bias;
    const auto row = all.x.begin() + static_cast<std::ptrdiff_t>(i * many.in);
    single.x.assign(row, row + static_cast<std::ptrdiff_t>(many.in));
    const Floats alone = single.run();
    EXPECT_EQ(
        alone,
        Floats(y.data() + i * many.out, y.data() + (i + 1) * many.out));
  }
}

TEST(Linear, HandsNaNAndInfinityOn) {
  for (const std::size_t rows : {2u, 20u}) {
    Product product({rows, 40, 70}, Type::f32, 9);
    product.x[3] = std::numeric_limits<float>::quiet_NaN();
    product.x[40] = std::numeric_limits<float>::infinity();
    const Floats y = product.run();
    for (std::size_t j = 0; j < 70; ++j) {
      EXPECT_TRUE(std::isnan(y[j]));
      EXPECT_TRUE(std::isinf(y[70 + j]));
      EXPECT_TRUE(rows == 2 || std::isfinite(y[140 + j]));
    }
  }
}

TEST(Linear, RowsMayOverlap) {
  constexpr std::size_t kRows = 30, kIn = 24, kOut = 40, kStride = 8;
  const Floats x = test::normal(kRows * kStride + kIn, 1);
  const auto weight = test::weights(test::normal(kOut * kIn, 2), Type::f32);
  Floats y(kRows * kOut);
  Linear task;
  task.x = x.data();
  task.stride = kStride;
  task.rows = kRows;
  task.in = kIn;
  task.out = kOut;
  task.weight = weight.numbers();
  task.y = y.data();
  linear(task);
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < kOut; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < kIn; ++k) {
        sum +=
            static_cast<double>(x[i * kStride + k]) * weight.worth[j * kIn + k];
      }
      EXPECT_NEAR(sum, y[i * kOut + j], 1e-4);
    }
  }
}

TEST(Linear, NoRowsIsNoWork) {
  Linear task;
  task.in = 8;
  task.out = 8;
  linear(task);
  matvec(task);
}

} // namespace
} // namespace mlxaudio::kernels
