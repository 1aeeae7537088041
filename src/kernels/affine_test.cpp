// SPDX-License-Identifier: MIT
#include "kernels/affine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "kernels/reduced.h"
#include "kernels/test_support.h"

namespace mlxaudio::kernels {
namespace {

using test::Floats;

struct AffineCase {
  std::size_t rows, in, out, group, bits;
};

std::string text_of(const AffineCase& c) {
  return std::to_string(c.rows) + "x" + std::to_string(c.in) + "x" +
         std::to_string(c.out) + ", " + std::to_string(c.bits) +
         " bits in groups of " + std::to_string(c.group);
}

/// A product with all that may follow it, and the same in double precision.
class AffineProduct {
 public:
  AffineProduct(const AffineCase& c, Type type, unsigned seed)
      : case_(c),
        x(test::normal(c.rows * c.in, seed)),
        bias(test::weights(test::normal(c.out, seed + 1), type)),
        residual(test::normal(c.rows * c.out, seed + 2)) {
    std::mt19937 engine(seed + 3);
    values.resize(c.out * c.in * c.bits / 8);
    for (std::uint8_t& byte : values) {
      byte = static_cast<std::uint8_t>(engine());
    }
    // As MLX makes them: scales of either sign, biases at an end of the range.
    const std::size_t groups = c.out * c.in / c.group;
    const auto most = static_cast<float>((1u << c.bits) - 1);
    Floats of_groups = test::normal(groups, seed + 4, 0.3f / most);
    scales = test::weights(of_groups, type);
    for (std::size_t g = 0; g < groups; ++g) {
      of_groups[g] = scales.worth[g] * most * -0.5f;
    }
    biases = test::weights(of_groups, type);
  }

  AffineWeights weights() const {
    return {
        values.data(),
        scales.numbers(),
        biases.numbers(),
        case_.group,
        case_.bits};
  }

  /// Weight k of row j.
  double worth(std::size_t j, std::size_t k) const {
    const std::size_t at = j * case_.in + k;
    const int value = case_.bits == 8 ? values[at]
                      : at % 2 == 0   ? values[at / 2] % 16
                                      : values[at / 2] / 16;
    return static_cast<double>(scales.worth[at / case_.group]) * value +
           biases.worth[at / case_.group];
  }

  Floats run() const {
    Floats y(case_.rows * case_.out, -77.0f);
    Linear task;
    task.x = x.data();
    task.stride = case_.in;
    task.rows = case_.rows;
    task.in = case_.in;
    task.out = case_.out;
    task.affine = weights();
    task.bias = bias.numbers();
    task.gelu = with_gelu;
    task.residual = with_residual ? residual.data() : nullptr;
    task.y = y.data();
    case_.rows <= kMatvecRows ? matvec(task) : linear(task);
    return y;
  }

  double worst_error(const Floats& y) const {
    double worst = 0;
    for (std::size_t i = 0; i < case_.rows; ++i) {
      for (std::size_t j = 0; j < case_.out; ++j) {
        double sum = bias.worth[j];
        for (std::size_t k = 0; k < case_.in; ++k) {
          sum += x[i * case_.in + k] * worth(j, k);
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

  bool with_gelu = false, with_residual = false;

 private:
  AffineCase case_;

 public:
  Floats x;
  test::Weights bias;
  Floats residual;
  std::vector<std::uint8_t> values;
  test::Weights scales, biases;
};

/// Each group in several depths, more of them than are widened at once, and
/// widths beside those of pieces and registers.
template <class Function>
void for_each_case(std::size_t rows, const Function& f) {
  for (const std::size_t bits : {4u, 8u}) {
    for (const std::size_t group : {32u, 64u, 128u}) {
      f(AffineCase{rows, group, 1, group, bits});
      f(AffineCase{rows, 3 * group, 67, group, bits});
      f(AffineCase{rows, 8 * group, 130, group, bits});
      f(AffineCase{rows, 67 * group, 5, group, bits});
    }
  }
}

TEST(Affine, AgreesWithDoublesOnEveryIsa) {
  test::on_every_isa([](const std::string& name) {
    unsigned seed = 1;
    for (const std::size_t rows : {1u, 2u, 3u, 5u, 8u, 9u, 25u}) {
      for_each_case(rows, [&](const AffineCase& c) {
        for (const Type type : {Type::f32, Type::f16, Type::bf16}) {
          AffineProduct product(c, type, seed++);
          product.with_gelu = seed % 2 == 0;
          product.with_residual = seed % 3 == 0;
          EXPECT_LT(product.worst_error(product.run()), 5e-5)
              << name << " " << text_of(c) << " type "
              << static_cast<int>(type);
        }
      });
    }
  });
}

TEST(Affine, EveryNumberOfFewRowsIsServed) {
  for (std::size_t rows = 1; rows <= kMatvecRows; ++rows) {
    for (const std::size_t bits : {4u, 8u}) {
      const AffineCase c{rows, 256, 70, 64, bits};
      const AffineProduct product(c, Type::f16, 11);
      EXPECT_LT(product.worst_error(product.run()), 2e-5) << text_of(c);
    }
  }
}

TEST(Affine, ARowDependsNeitherOnOthersNorOnThreads) {
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t bits : {4u, 8u}) {
      const AffineCase few{7, 512, 700, 64, bits};
      const AffineProduct product(few, Type::f16, 5);
      EXPECT_TRUE(test::same_for_every_thread_count([&] {
        return product.run();
      })) << name;
      const Floats all = product.run();
      for (std::size_t i = 0; i < few.rows; ++i) {
        AffineProduct one({1, few.in, few.out, few.group, bits}, Type::f16, 5);
        one.values = product.values;
        one.scales = product.scales;
        one.biases = product.biases;
        one.bias = product.bias;
        one.x.assign(
            product.x.data() + i * few.in,
            product.x.data() + (i + 1) * few.in);
        EXPECT_EQ(
            one.run(),
            Floats(all.data() + i * few.out, all.data() + (i + 1) * few.out))
            << name << " row " << i;
      }
      const AffineProduct many({300, 512, 130, 32, bits}, Type::f16, 5);
      EXPECT_TRUE(test::same_for_every_thread_count([&] { return many.run(); }))
          << name;
    }
  });
}

TEST(Affine, HandsOnWhatIsNotFinite) {
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t rows : {3u, 20u}) {
      for (const std::size_t bits : {4u, 8u}) {
        AffineProduct product({rows, 128, 70, 64, bits}, Type::f32, 9);
        product.x[3] = std::numeric_limits<float>::quiet_NaN();
        product.x[128] = std::numeric_limits<float>::infinity();
        const Floats y = product.run();
        for (std::size_t j = 0; j < 70; ++j) {
          EXPECT_TRUE(std::isnan(y[j])) << name;
          EXPECT_FALSE(std::isfinite(y[70 + j])) << name;
          EXPECT_TRUE(std::isfinite(y[140 + j])) << name;
        }
      }
    }
  });
}

TEST(Affine, WithManyRowsIsTheProductOfItsNumbers) {
  // The same kernel takes them widened: not a bit may differ.
  test::on_every_isa([](const std::string& name) {
    for_each_case(13, [&](const AffineCase& c) {
      const AffineProduct product(c, Type::f16, 21);
      Floats wide(c.out * c.in), y(c.rows * c.out);
      for (std::size_t j = 0; j < c.out; ++j) {
        dequantize(product.weights(), c.in, j, 0, c.in, &wide[j * c.in]);
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
    });
  });
}

TEST(Dequantize, IsScaleTimesValuePlusBias) {
  test::on_every_isa([](const std::string& name) {
    for (const Type type : {Type::f32, Type::f16, Type::bf16}) {
      for_each_case(1, [&](const AffineCase& c) {
        const AffineProduct product(c, type, 4);
        // From every place where a part may begin.
        for (std::size_t k = 0; k < c.in; k += kLeastAffineGroup) {
          const std::size_t n = std::min<std::size_t>(c.in - k, 96);
          Floats wide(n);
          dequantize(product.weights(), c.in, c.out - 1, k, n, wide.data());
          for (std::size_t i = 0; i < n; ++i) {
            ASSERT_NEAR(wide[i], product.worth(c.out - 1, k + i), 1e-7)
                << name << " " << text_of(c);
          }
        }
      });
    }
  });
}

TEST(Dequantize, IsWhatRoundingTo8BitsTakes) {
  test::on_every_isa([](const std::string& name) {
    for_each_case(1, [&](const AffineCase& c) {
      const AffineProduct product(c, Type::f16, 6);
      Floats wide(c.out * c.in);
      for (std::size_t j = 0; j < c.out; ++j) {
        dequantize(product.weights(), c.in, j, 0, c.in, &wide[j * c.in]);
      }
      const std::size_t groups = c.out * groups_of(c.in);
      std::vector<std::int8_t> direct(groups * kGroup), other(direct.size());
      Floats scales(groups), other_scales(groups);
      quantize(product.weights(), c.out, c.in, direct.data(), scales.data());
      quantize(
          Numbers{wide.data(), Type::f32},
          c.out,
          c.in,
          other.data(),
          other_scales.data());
      EXPECT_EQ(direct, other) << name << " " << text_of(c);
      EXPECT_EQ(scales, other_scales) << name << " " << text_of(c);
    });
  });
}

TEST(Affine, NoRowsIsNoWork) {
  const AffineProduct product({1, 64, 8, 64, 4}, Type::f16, 1);
  Linear task;
  task.in = 64;
  task.out = 8;
  task.affine = product.weights();
  matvec(task);
  linear(task);
}

} // namespace
} // namespace mlxaudio::kernels
