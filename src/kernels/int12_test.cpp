// SPDX-License-Identifier: MIT
#include "kernels/int12.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/test_support.h"

namespace mlxaudio::kernels {
namespace {

using test::Floats;

struct Int12Case {
  std::size_t rows, in, out;
};

std::string text_of(const Int12Case& c) {
  return std::to_string(c.rows) + "x" + std::to_string(c.in) + "x" +
         std::to_string(c.out);
}

/// Weights rounded to 12 bits, and rows to multiply with them.
class Int12Product {
 public:
  Int12Product(const Int12Case& c, Type type, unsigned seed)
      : case_(c),
        x(test::normal(c.rows * c.in, seed)),
        bias(test::weights(test::normal(c.out, seed + 1), type)),
        residual(test::normal(c.rows * c.out, seed + 2)),
        given(test::weights(test::normal(c.out * c.in, seed + 3), type)) {
    pack();
  }

  void pack() {
    const std::size_t depth = Int12Weights::depth_of(case_.in);
    high.assign(case_.out * depth, 77);
    low.assign(case_.out * depth / 2, 77);
    scales.assign(case_.out * depth / Int12Weights::kGroup, -77.0f);
    errors.assign(case_.out, -77.0f);
    quantize_int12(
        given.numbers(),
        case_.out,
        case_.in,
        {high.data(), low.data(), scales.data(), errors.data()});
  }

  Int12Weights weights() const {
    return {high.data(), low.data(), scales.data(), errors.data()};
  }

  /// Weight k of row j, of its high bits and the mean of low ones or of all.
  double worth(std::size_t j, std::size_t k, bool all = true) const {
    constexpr std::size_t kWidth = Int12Weights::kGroup, kHalf = kWidth / 2;
    const std::size_t at = j * Int12Weights::depth_of(case_.in) + k;
    const std::size_t in_group = k % kWidth;
    const int byte = low[at / kWidth * kHalf + in_group % kHalf];
    const int nibble = in_group < kHalf ? byte % 16 : byte / 16;
    const double rest = all ? (nibble < 8 ? nibble : nibble - 16) : -0.5;
    return static_cast<double>(scales[at / kWidth]) * (16 * high[at] + rest);
  }

  Linear task(Floats& y) const {
    y.assign(case_.rows * case_.out, -77.0f);
    Linear task;
    task.x = x.data();
    task.stride = case_.in;
    task.rows = case_.rows;
    task.in = case_.in;
    task.out = case_.out;
    task.int12 = weights();
    task.y = y.data();
    return task;
  }

  Floats run() const {
    Floats y;
    Linear product = task(y);
    product.bias = bias.numbers();
    product.gelu = with_gelu;
    product.residual = with_residual ? residual.data() : nullptr;
    case_.rows <= kMatvecRows ? matvec(product) : linear(product);
    return y;
  }

  Floats scores() const {
    Floats y;
    scores_int12(task(y));
    return y;
  }

  /// Rows of x as they are multiplied: few are rounded to 16 bits.
  std::vector<double> inputs() const {
    std::vector<double> result(x.begin(), x.end());
    constexpr std::size_t kWidth = Int12Weights::kGroup;
    for (std::size_t i = 0; i < case_.rows && case_.rows <= kMatvecRows; ++i) {
      for (std::size_t first = 0; first < case_.in; first += kWidth) {
        const float* const from = x.data() + i * case_.in + first;
        const std::size_t n = std::min(kWidth, case_.in - first);
        float greatest = 0;
        for (std::size_t k = 0; k < n; ++k) {
          greatest = std::max(greatest, std::abs(from[k]));
        }
        const float factor = 32767.0f / greatest, scale = greatest / 32767.0f;
        for (std::size_t k = 0; k < n; ++k) {
          result[i * case_.in + first + k] =
              static_cast<double>(std::nearbyint(from[k] * factor)) * scale;
        }
      }
    }
    return result;
  }

  double sum(
      const std::vector<double>& of,
      std::size_t i,
      std::size_t j,
      bool all = true) const {
    double sum = 0;
    for (std::size_t k = 0; k < case_.in; ++k) {
      sum += of[i * case_.in + k] * worth(j, k, all);
    }
    return sum;
  }

  double worst_error(const Floats& y) const {
    double worst = 0;
    const auto of = inputs();
    for (std::size_t i = 0; i < case_.rows; ++i) {
      for (std::size_t j = 0; j < case_.out; ++j) {
        double exact = bias.worth[j] + sum(of, i, j);
        if (with_gelu) {
          exact *= 0.5 * std::erfc(-exact / std::sqrt(2.0));
        }
        if (with_residual) {
          exact += residual[i * case_.out + j];
        }
        const double error = std::abs(exact - y[i * case_.out + j]);
        worst = error <= worst ? worst : error; // NaN is the worst
      }
    }
    return worst;
  }

  bool with_gelu = false, with_residual = false;

 private:
  Int12Case case_;

 public:
  Floats x;
  test::Weights bias;
  Floats residual;
  test::Weights given;
  std::vector<std::int8_t> high;
  std::vector<std::uint8_t> low;
  Floats scales, errors;
};

constexpr std::size_t kWidths[] = {1, 63, 64, 65, 128, 200, 512};

TEST(Int12, IsWithinHalfAStepOfTheWeights) {
  test::on_every_isa([](const std::string& name) {
    for (const Type type : {Type::f32, Type::f16, Type::bf16}) {
      for (const std::size_t in : kWidths) {
        const Int12Product product({1, in, 67}, type, 2);
        const std::size_t groups =
            Int12Weights::depth_of(in) / Int12Weights::kGroup;
        for (std::size_t j = 0; j < 67; ++j) {
          double squares = 0;
          for (std::size_t k = 0; k < Int12Weights::depth_of(in); ++k) {
            const double rest =
                product.worth(j, k) - product.worth(j, k, false);
            squares += rest * rest;
          }
          const double of_low = std::sqrt(squares);
          ASSERT_GE(product.errors[j], of_low) << name;
          ASSERT_LE(product.errors[j], 1.02 * of_low) << name;
          for (std::size_t k = 0; k < in; ++k) {
            const float scale =
                product.scales[j * groups + k / Int12Weights::kGroup];
            ASSERT_NEAR(
                product.worth(j, k),
                product.given.worth[j * in + k],
                0.5001 * static_cast<double>(scale))
                << name << " " << in << " " << j << " " << k;
          }
        }
      }
    }
  });
}

TEST(Int12, TheGreatestOfAGroupFitsInItsBits) {
  test::on_every_isa([](const std::string& name) {
    for (const float sign : {1.0f, -1.0f}) {
      Int12Product product({1, 128, 1}, Type::f32, 3);
      Floats values(128, 0.5f * sign);
      values[70] = sign;
      values[3] = 0;
      product.given = test::weights(values, Type::f32);
      product.pack();
      EXPECT_NEAR(product.worth(0, 70), sign, 1e-6) << name;
      EXPECT_EQ(product.worth(0, 3), 0) << name;
      product.given = test::weights(Floats(128, 0.0f), Type::f32);
      product.pack();
      EXPECT_EQ(product.worth(0, 70), 0) << name;
      EXPECT_LT(product.errors[0], 1e-40f) << name;
    }
  });
}

TEST(Int12, AgreesWithDoublesOnEveryIsa) {
  test::on_every_isa([](const std::string& name) {
    unsigned seed = 1;
    for (const std::size_t rows : {1u, 2u, 3u, 5u, 8u, 9u, 25u}) {
      for (const std::size_t in : kWidths) {
        const Int12Case c{rows, in, in == 200 ? 130u : 67u};
        Int12Product product(c, Type::f16, seed++);
        product.with_gelu = seed % 2 == 0;
        product.with_residual = seed % 3 == 0;
        EXPECT_LT(product.worst_error(product.run()), 1e-4)
            << name << " " << text_of(c);
      }
    }
  });
}

TEST(Int12, ARowDependsNeitherOnOthersNorOnThreads) {
  test::on_every_isa([](const std::string& name) {
    const Int12Case few{7, 512, 700};
    const Int12Product product(few, Type::f16, 5);
    const auto check = [&](const auto& run) {
      EXPECT_TRUE(test::same_for_every_thread_count([&] {
        return run(product);
      })) << name;
      const Floats all = run(product);
      for (std::size_t i = 0; i < few.rows; ++i) {
        Int12Product one({1, few.in, few.out}, Type::f16, 5);
        one.given = product.given;
        one.pack();
        one.bias = product.bias;
        one.x.assign(
            product.x.data() + i * few.in,
            product.x.data() + (i + 1) * few.in);
        EXPECT_EQ(
            run(one),
            Floats(all.data() + i * few.out, all.data() + (i + 1) * few.out))
            << name << " row " << i;
      }
    };
    check([](const Int12Product& p) { return p.run(); });
    check([](const Int12Product& p) { return p.scores(); });
  });
}

TEST(Int12, HandsOnWhatIsNotFinite) {
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t rows : {3u, 20u}) {
      Int12Product product({rows, 128, 70}, Type::f32, 9);
      product.x[3] = std::numeric_limits<float>::quiet_NaN();
      product.x[128] = std::numeric_limits<float>::infinity();
      std::vector<Floats> results{product.run()};
      if (rows <= kMatvecRows) {
        results.push_back(product.scores());
      }
      for (const Floats& y : results) {
        for (std::size_t j = 0; j < 70; ++j) {
          EXPECT_TRUE(std::isnan(y[j])) << name;
          EXPECT_FALSE(std::isfinite(y[70 + j])) << name;
          EXPECT_TRUE(std::isfinite(y[140 + j])) << name;
        }
      }
    }
  });
}

TEST(Int12, WithManyRowsIsTheProductOfItsNumbers) {
  // The same kernel takes them widened: not a bit may differ.
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t in : kWidths) {
      const Int12Case c{13, in, 67};
      const Int12Product product(c, Type::f16, 21);
      Floats wide(c.out * c.in), y(c.rows * c.out);
      constexpr std::size_t kHalf = Int12Weights::kGroup / 2;
      for (std::size_t j = 0; j < c.out; ++j) {
        for (std::size_t k = 0; k < in; k += kHalf) {
          const std::size_t n = std::min(kHalf, in - k);
          dequantize(product.weights(), in, j, k, n, &wide[j * in + k]);
        }
      }
      Linear task;
      task.x = product.x.data();
      task.stride = task.in = c.in;
      task.rows = c.rows;
      task.out = c.out;
      task.weight = {wide.data(), Type::f32};
      task.bias = product.bias.numbers();
      task.y = y.data();
      linear(task);
      EXPECT_EQ(product.run(), y) << name << " " << text_of(c);
    }
  });
}

/// Of what is screened: the greatest are `matvec`'s, bit for bit; the others
/// are its too, or as far off as `errors` allow. Returns how many are off.
std::size_t check_scores(
    const Int12Product& product, const Int12Case& c, const std::string& what) {
  const Floats all = product.run(), y = product.scores();
  const auto of = product.inputs();
  std::size_t off = 0;
  for (std::size_t i = 0; i < c.rows; ++i) {
    double norm = 0;
    for (std::size_t k = 0; k < c.in; ++k) {
      norm += of[i * c.in + k] * of[i * c.in + k];
    }
    const auto row = y.begin() + static_cast<std::ptrdiff_t>(i * c.out);
    const auto row_of_all = all.begin() + (row - y.begin());
    for (std::size_t first = 0; first < c.out; first += kScreened) {
      const auto begin = static_cast<std::ptrdiff_t>(first);
      const auto end =
          static_cast<std::ptrdiff_t>(std::min(c.out, first + kScreened));
      const auto greatest = std::max_element(row + begin, row + end) - row;
      EXPECT_EQ(
          greatest,
          std::max_element(row_of_all + begin, row_of_all + end) - row_of_all)
          << what << " row " << i << " from " << first;
      EXPECT_EQ(row[greatest], row_of_all[greatest]) << what;
      for (auto j = begin; j < end; ++j) {
        EXPECT_LE(
            std::abs(static_cast<double>(row[j]) - row_of_all[j]),
            product.errors[static_cast<std::size_t>(j)] * std::sqrt(norm) *
                1.0001)
            << what << " row " << i << " column " << j;
        off += row[j] != row_of_all[j] ? 1 : 0;
      }
    }
  }
  return off;
}

/// A product whose weights are given and without a bias, as scores have none.
Int12Product product_with(
    const Int12Case& c, const Floats& weights, Type type = Type::f32) {
  Int12Product product(c, Type::f16, 31);
  product.given = test::weights(weights, type);
  product.bias = test::weights(Floats(c.out, 0.0f), Type::f32);
  product.pack();
  return product;
}

TEST(Scores, TheGreatestOfNeighboursAreTheProducts) {
  test::on_every_isa([](const std::string& name) {
    unsigned seed = 31;
    const auto check = [&](const Int12Case& c) {
      const auto product =
          product_with(c, test::normal(c.out * c.in, seed++), Type::f16);
      const std::string what = name + " " + text_of(c);
      const std::size_t off = check_scores(product, c, what);
      EXPECT_TRUE(c.out < 255 || off > c.rows * c.out / 2) << what << off;
    };
    for (const std::size_t out : {1u, 15u, 255u, 2047u, 2048u, 2049u, 4100u}) {
      check({3, 200, out});
    }
    for (std::size_t rows = 1; rows <= kMatvecRows; ++rows) {
      check({rows, rows % 2 == 0 ? 640u : 65u, 300});
    }
  });
}

TEST(Scores, OfEqualColumnsTheFirstIsTheGreatest) {
  test::on_every_isa([](const std::string& name) {
    const Int12Case c{2, 200, 300};
    Floats weights = test::normal(c.out * c.in, 3);
    const auto product = product_with(c, weights);
    for (std::size_t i = 0; i < c.rows; ++i) {
      const Floats y = product.run();
      const auto row = y.begin() + static_cast<std::ptrdiff_t>(i * c.out);
      const auto best = static_cast<std::size_t>(
          std::max_element(row, row + static_cast<std::ptrdiff_t>(c.out)) -
          row);
      for (const std::size_t j :
           {std::size_t{5}, std::size_t{170}, c.out - 1}) {
        std::copy_n(&weights[best * c.in], c.in, &weights[j * c.in]);
      }
    }
    check_scores(product_with(c, weights), c, name);
  });
}

TEST(Scores, HoldForSmallAndLargeNumbers) {
  test::on_every_isa([](const std::string& name) {
    const Int12Case c{2, 128, 300};
    for (const float of_weights : {1e-36f, 1e-28f, 1e-20f, 1e20f}) {
      for (const float of_x : {1e-36f, 1e-20f, 1.0f, 1e10f}) {
        auto product =
            product_with(c, test::normal(c.out * c.in, 7, of_weights));
        product.x = test::normal(c.rows * c.in, 8, of_x);
        const std::string what = name + " " + std::to_string(of_weights) + " " +
                                 std::to_string(of_x);
        check_scores(product, c, what);
      }
    }
  });
}

TEST(Scores, OfHighBitsAreNeitherTooGreatNorTooSmall) {
  test::on_every_isa([](const std::string& name) {
    const Int12Case c{1, 512, 2000};
    auto product = product_with(c, test::normal(c.out * c.in, 11));
    product.x.assign(c.in, 1.0f);
    const Floats all = product.run(), y = product.scores();
    double sum = 0, squares = 0;
    for (std::size_t j = 0; j < c.out; ++j) {
      const double off = static_cast<double>(y[j]) - all[j];
      sum += off;
      squares += off * off;
    }
    // The mean of as many is as far from 0 as chance lets it be.
    EXPECT_LT(std::abs(sum), 5 * std::sqrt(squares)) << name;
  });
}

TEST(Scores, WhatLiesTooCloseIsToldApart) {
  // High bits alone are alike here, and low ones decide.
  test::on_every_isa([](const std::string& name) {
    constexpr std::size_t kIn = 128, kOut = 300;
    Floats values(kIn * kOut, 0.0f);
    for (std::size_t j = 0; j < kOut; ++j) {
      values[j * kIn] = 2039.0f; // the scale is 1
      values[j * kIn + 1] = static_cast<float>(j % 7);
    }
    Int12Product product({1, kIn, kOut}, Type::f32, 1);
    product.given = test::weights(values, Type::f32);
    product.pack();
    product.x.assign(kIn, 0.0f);
    product.x[1] = 1.0f;
    const Floats y = product.scores();
    for (std::size_t j = 0; j < kOut; ++j) {
      EXPECT_EQ(y[j], static_cast<float>(j % 7)) << name << " " << j;
    }
  });
}

TEST(Int12, NoRowsIsNoWork) {
  const Int12Product product({1, 64, 8}, Type::f16, 1);
  Linear task;
  task.in = 64;
  task.out = 8;
  task.int12 = product.weights();
  matvec(task);
  linear(task);
  scores_int12(task);
}

} // namespace
} // namespace mlxaudio::kernels
