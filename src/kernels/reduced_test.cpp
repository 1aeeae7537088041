// SPDX-License-Identifier: MIT
#include "kernels/reduced.h"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>

#include "kernels/compute.h"
#include "kernels/settings.h"
#include "kernels/test_support.h"
#include "mlxaudio/error.h"

namespace mlxaudio::kernels {
namespace {

using test::Floats;

struct Shape {
  std::size_t rows, in, out;
};

constexpr Shape kShapes[] = {
    {9, 1, 1},
    {9, 32, 64},
    {9, 33, 7},
    {9, 64, 64},
    {10, 17, 3},
    {11, 63, 65},
    {12, 65, 63},
    {13, 128, 130},
    {14, 130, 200},
    {24, 512, 64},
    {97, 200, 70},
    {200, 48, 1},
    {15, 1030, 64}};

/// Values of a group times its scale.
Floats dequantized(
    const std::vector<std::int8_t>& values,
    const Floats& scales,
    std::size_t rows,
    std::size_t in) {
  const std::size_t groups = groups_of(in);
  Floats all;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < in; ++k) {
      all.push_back(
          static_cast<float>(values[i * groups * kGroup + k]) *
          scales[i * groups + k / kGroup]);
    }
  }
  return all;
}

/// A product with all that may follow it.
class Reduced {
 public:
  Reduced(Shape shape, unsigned seed)
      : shape_(shape),
        x(test::normal(shape.rows * shape.in, seed)),
        weight(test::weights(
            test::normal(shape.out * shape.in, seed + 1, 0.1f), Type::f16)),
        bias(test::weights(test::normal(shape.out, seed + 2), Type::f16)),
        residual(test::normal(shape.rows * shape.out, seed + 3)) {
    pack();
  }

  void pack() {
    const std::size_t groups = groups_of(shape_.in);
    values.assign(shape_.out * groups * kGroup, 99);
    scales.assign(shape_.out * groups, 99.0f);
    quantize(
        weight.numbers(),
        shape_.out,
        shape_.in,
        values.data(),
        scales.data());
  }

  /// \param compute int8 or bf16 \param few as for few rows
  Floats run(Compute compute = Compute::int8, bool few = false) const {
    Floats y(shape_.rows * shape_.out, -77.0f);
    Linear task;
    task.x = x.data();
    task.stride = shape_.in;
    task.rows = shape_.rows;
    task.in = shape_.in;
    task.out = shape_.out;
    task.weight = weight.numbers();
    task.bias = bias.numbers();
    task.gelu = with_gelu;
    task.residual = with_residual ? residual.data() : nullptr;
    task.y = y.data();
    const Int8Weights packed{values.data(), scales.data()};
    if (compute == Compute::bf16) {
      linear_bf16(task);
    } else {
      few ? matvec_int8(task, packed) : linear_int8(task, packed);
    }
    return y;
  }

  /// The same in double precision, with numbers that are rounded already.
  Floats expected(const Floats& left, const Floats& right) const {
    Floats y;
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      for (std::size_t j = 0; j < shape_.out; ++j) {
        double sum = bias.worth[j];
        for (std::size_t k = 0; k < shape_.in; ++k) {
          sum += static_cast<double>(left[i * shape_.in + k]) *
                 right[j * shape_.in + k];
        }
        if (with_gelu) {
          sum *= 0.5 * std::erfc(-sum / std::sqrt(2.0));
        }
        if (with_residual) {
          sum += residual[i * shape_.out + j];
        }
        y.push_back(static_cast<float>(sum));
      }
    }
    return y;
  }

  /// x rounded in groups.
  Floats rounded_x() const {
    Floats rounded = x;
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      for (std::size_t k = 0; k < shape_.in; k += kGroup) {
        float* const group = rounded.data() + i * shape_.in + k;
        const std::size_t n = std::min(kGroup, shape_.in - k);
        float greatest = 0;
        for (std::size_t j = 0; j < n; ++j) {
          greatest = std::max(greatest, std::abs(group[j]));
        }
        constexpr auto kMost = static_cast<float>(kGreatestInput);
        for (std::size_t j = 0; j < n; ++j) {
          group[j] = std::nearbyint(group[j] * (kMost / greatest)) *
                     (greatest / kMost);
        }
      }
    }
    return rounded;
  }

  Floats rounded_weight() const {
    return dequantized(values, scales, shape_.out, shape_.in);
  }

  bool with_gelu = false, with_residual = false;

 private:
  Shape shape_;

 public:
  Floats x;
  test::Weights weight, bias;
  Floats residual;
  std::vector<std::int8_t> values;
  Floats scales;
};

float largest_error(const Floats& a, const Floats& b) {
  float most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float error = std::abs(a[i] - b[i]);
    most = error <= most ? most : error; // NaN is the worst
  }
  return most;
}

TEST(Int8Weights, AreWithinHalfAStepOfTheirGroup) {
  test::on_every_isa([](const std::string& name) {
    for (const Shape shape : kShapes) {
      const Reduced product(shape, 3);
      const Floats rounded = product.rounded_weight();
      const std::size_t groups = groups_of(shape.in);
      for (std::size_t i = 0; i < rounded.size(); ++i) {
        const std::size_t row = i / shape.in, k = i % shape.in;
        const float scale = product.scales[row * groups + k / kGroup];
        EXPECT_LE(
            std::abs(rounded[i] - product.weight.worth[i]),
            0.5001f * scale)
            << name;
      }
      // A group's greatest is 127, and what is past the inputs is 0.
      for (std::size_t row = 0; row < shape.out; ++row) {
        for (std::size_t g = 0; g < groups; ++g) {
          int most = 0;
          for (std::size_t k = 0; k < kGroup; ++k) {
            const int value = product.values[(row * groups + g) * kGroup + k];
            most = std::max(most, std::abs(value));
            EXPECT_TRUE(g * kGroup + k < shape.in || value == 0) << name;
          }
          EXPECT_EQ(most, 127) << name;
        }
      }
    }
  });
}

TEST(LinearInt8, IsTheProductOfRoundedNumbersOnEveryIsa) {
  test::on_every_isa([](const std::string& name) {
    unsigned seed = 1;
    for (const Shape shape : kShapes) {
      for (unsigned extras = 0; extras < 4; ++extras) {
        Reduced product(shape, seed++);
        product.with_gelu = (extras & 1) != 0;
        product.with_residual = (extras & 2) != 0;
        EXPECT_LT(
            largest_error(
                product.run(),
                product.expected(
                    product.rounded_x(),
                    product.rounded_weight())),
            2e-5f)
            << name << " " << shape.rows << "x" << shape.in << "x" << shape.out;
      }
    }
  });
}

// A process of its own under ctest, in which nobody set one before.
TEST(LinearInt8, IsTheProductOnTheIsaThatIsChosenByItself) {
  for (const Shape shape : kShapes) {
    const Reduced product(shape, 2);
    EXPECT_LT(
        largest_error(
            product.run(),
            product.expected(product.rounded_x(), product.rounded_weight())),
        2e-5f)
        << shape.rows << "x" << shape.in << "x" << shape.out;
  }
}

TEST(LinearInt8, DoesNotSaturate) {
  test::on_every_isa([](const std::string& name) {
    Reduced product({20, 512, 70}, 1);
    for (std::size_t i = 0; i < product.x.size(); ++i) {
      product.x[i] = i / 512 % 2 == 0 ? 3.0f : -3.0f;
    }
    product.weight = test::weights(Floats(512 * 70, 0.5f), Type::f16);
    product.pack();
    const Floats y = product.run();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const float sum = i / 70 % 2 == 0 ? 768.0f : -768.0f;
      EXPECT_NEAR(y[i], sum + product.bias.worth[i % 70], 1e-3f) << name;
    }
  });
}

// So a transcript does not depend on which of the two computes it.
TEST(LinearInt8, HasTheSameBitsWithAvx2AndAvx512) {
  const auto isas = available_isas();
  const auto has = [&](Isa isa) {
    return std::find(isas.begin(), isas.end(), isa) != isas.end();
  };
  if (!has(Isa::avx2) || !has(Isa::avx512)) {
    GTEST_SKIP() << "NOT TESTED: this processor has not both AVX2 and AVX-512";
  }
  const test::Restore restore;
  for (const Shape shape : kShapes) {
    Reduced product(shape, 8);
    product.with_gelu = product.with_residual = true;
    set_isa(Isa::avx2);
    const Floats narrow = product.run();
    set_isa(Isa::avx512);
    EXPECT_EQ(narrow, product.run());
  }
}

TEST(LinearInt8, OneLargeNumberCostsTheDigitsOfItsGroupAlone) {
  test::on_every_isa([](const std::string& name) {
    Reduced product({16, 256, 40}, 4);
    for (std::size_t i = 0; i < 16; ++i) {
      product.x[i * 256 + 70] = 1000.0f; // in the third group
    }
    const Floats rounded = product.rounded_x();
    for (std::size_t i = 0; i < rounded.size(); ++i) {
      const bool its_group = i % 256 / kGroup == 2;
      EXPECT_LE(std::abs(rounded[i] - product.x[i]), its_group ? 0.25f : 0.002f)
          << name;
    }
    EXPECT_LT(
        largest_error(
            product.run(),
            product.expected(rounded, product.rounded_weight())),
        2e-3f)
        << name;
  });
}

TEST(LinearInt8, RowsOfZerosGiveTheBias) {
  test::on_every_isa([](const std::string& name) {
    for (const bool few : {false, true}) {
      Reduced product({few ? 8u : 20u, 130, 70}, 6);
      std::fill(product.x.begin(), product.x.begin() + 130, 0.0f);
      // Less than has a scale.
      std::fill(product.x.begin() + 130, product.x.begin() + 260, 1e-40f);
      const Floats y = product.run(Compute::int8, few);
      for (std::size_t j = 0; j < 140; ++j) {
        EXPECT_EQ(y[j], product.bias.worth[j % 70]) << name << few;
      }
    }
  });
}

TEST(LinearInt8, HandsOnWhatIsNotFinite) {
  test::on_every_isa([](const std::string& name) {
    for (const bool few : {false, true}) {
      Reduced product({few ? 8u : 20u, 130, 70}, 9);
      product.x[3] = std::numeric_limits<float>::quiet_NaN();
      product.x[130] = std::numeric_limits<float>::infinity();
      const Floats y = product.run(Compute::int8, few);
      for (std::size_t j = 0; j < 70; ++j) {
        EXPECT_TRUE(std::isnan(y[j])) << name << few;
        EXPECT_FALSE(std::isfinite(y[70 + j])) << name << few;
        EXPECT_TRUE(std::isfinite(y[140 + j])) << name << few;
      }
    }
  });
}

TEST(LinearInt8, ARowDependsNeitherOnOthersNorOnThreads) {
  test::on_every_isa([](const std::string& name) {
    const Reduced product({300, 600, 130}, 5);
    EXPECT_TRUE(test::same_for_every_thread_count([&] {
      return product.run();
    })) << name;
    const Floats all = product.run();
    Reduced some({11, 600, 130}, 5);
    some.weight = product.weight;
    some.bias = product.bias;
    some.x.assign(product.x.begin() + 17 * 600, product.x.begin() + 28 * 600);
    some.pack();
    EXPECT_EQ(
        some.run(),
        Floats(all.begin() + 17 * 130, all.begin() + 28 * 130))
        << name;
  });
}

TEST(MatvecInt8, RoundsTheWeightsAlone) {
  test::on_every_isa([](const std::string& name) {
    unsigned seed = 1;
    for (std::size_t rows = 1; rows <= kMatvecRows; ++rows) {
      for (const Shape shape :
           {Shape{rows, 1, 1},
            Shape{rows, 70, 3},
            Shape{rows, 512, 200},
            Shape{rows, 129, 65}}) {
        Reduced product(shape, seed++);
        product.with_gelu = rows % 2 == 0;
        product.with_residual = rows % 3 == 0;
        EXPECT_LT(
            largest_error(
                product.run(Compute::int8, true),
                product.expected(product.x, product.rounded_weight())),
            2e-5f)
            << name << " " << rows << "x" << shape.in << "x" << shape.out;
      }
    }
  });
}

TEST(MatvecInt8, ARowDependsNeitherOnOthersNorOnThreads) {
  test::on_every_isa([](const std::string& name) {
    const Reduced product({7, 600, 700}, 5);
    const auto run = [&] { return product.run(Compute::int8, true); };
    EXPECT_TRUE(test::same_for_every_thread_count(run)) << name;
    const Floats all = run();
    for (std::size_t i = 0; i < 7; ++i) {
      Reduced one({1, 600, 700}, 5);
      one.weight = product.weight;
      one.bias = product.bias;
      const auto row = product.x.begin() + static_cast<std::ptrdiff_t>(i * 600);
      one.x.assign(row, row + 600);
      one.pack();
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * 700);
      EXPECT_EQ(one.run(Compute::int8, true), Floats(begin, begin + 700))
          << name;
    }
  });
}

/// To the nearest bf16, of two the even one.
Floats in_bf16(const Floats& numbers) {
  Floats all;
  for (const float number : numbers) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &number, sizeof(bits));
    bits = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
    float rounded = 0;
    std::memcpy(&rounded, &bits, sizeof(rounded));
    all.push_back(rounded);
  }
  return all;
}

TEST(LinearBf16, IsTheProductOfRoundedNumbers) {
  if (!has_bf16_dot()) {
    GTEST_SKIP() << "NOT TESTED: this processor does not multiply bf16";
  }
  unsigned seed = 1;
  for (const Shape shape : kShapes) {
    for (const Type type : {Type::f32, Type::f16, Type::bf16}) {
      Reduced product(shape, seed++);
      product.weight = test::weights(product.weight.worth, type);
      product.with_gelu = seed % 2 == 0;
      product.with_residual = seed % 3 == 0;
      EXPECT_LT(
          largest_error(
              product.run(Compute::bf16),
              product.expected(
                  in_bf16(product.x),
                  in_bf16(product.weight.worth))),
          5e-5f)
          << shape.rows << "x" << shape.in << "x" << shape.out;
    }
  }
}

TEST(LinearBf16, HandsOnWhatIsNotFinite) {
  if (!has_bf16_dot()) {
    GTEST_SKIP() << "NOT TESTED: this processor does not multiply bf16";
  }
  Reduced product({20, 130, 70}, 9);
  product.x[3] = std::numeric_limits<float>::quiet_NaN();
  product.x[130] = std::numeric_limits<float>::infinity();
  const Floats y = product.run(Compute::bf16);
  for (std::size_t j = 0; j < 70; ++j) {
    EXPECT_TRUE(std::isnan(y[j]));
    EXPECT_FALSE(std::isfinite(y[70 + j]));
    EXPECT_TRUE(std::isfinite(y[140 + j]));
  }
}

TEST(LinearBf16, DependsNeitherOnOthersNorOnThreads) {
  if (!has_bf16_dot()) {
    GTEST_SKIP() << "NOT TESTED: this processor does not multiply bf16";
  }
  const Reduced product({300, 600, 130}, 5);
  EXPECT_TRUE(test::same_for_every_thread_count(
      [&] { return product.run(Compute::bf16); }));
}

TEST(Compute, IsWhatTheInstructionSetHas) {
  test::on_every_isa([](const std::string& name) {
    const bool wide = name == "avx512";
    EXPECT_TRUE(wide || (!has_int8_dot() && !has_bf16_dot()));
    EXPECT_EQ(
        resolve(Compute::automatic),
        has_int8_dot() ? Compute::int8 : Compute::f32);
    EXPECT_EQ(resolve(Compute::int8), Compute::int8);
    if (!has_bf16_dot()) {
      EXPECT_THROW(resolve(Compute::bf16), UnsupportedError) << name;
    }
  });
}

/// Exits with 1 where `run` refuses a misspelt MLXAUDIO_ISA.
template <class Run>
[[noreturn]] void exit_as_refused(const Run& run) {
  ::setenv("MLXAUDIO_ISA", "avx3", 1);
  try {
    run();
  } catch (const ArgumentError&) {
    std::_Exit(1);
  }
  std::_Exit(0);
}

TEST(Compute, AMisspeltIsaIsRefusedBeforeWeightsArePacked) {
  // Processes of their own, which have not asked for one yet.
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const Compute each : {Compute::f32, Compute::int8, Compute::automatic}) {
    EXPECT_EXIT(
        exit_as_refused([each] { resolve(each); }),
        testing::ExitedWithCode(1),
        "");
  }
  EXPECT_EXIT(
      exit_as_refused([] { quantize(Numbers{}, 0, 64, nullptr, nullptr); }),
      testing::ExitedWithCode(1),
      "");
}

TEST(Compute, AutomaticIsF32WithoutKernels) {
  const bool before = enabled();
  set_enabled(false);
  EXPECT_EQ(resolve(Compute::automatic), Compute::f32);
  EXPECT_EQ(resolve(Compute::int8), Compute::int8);
  set_enabled(before);
}

TEST(ReducedProducts, OfNoRowsAreNoWork) {
  Linear task;
  task.in = 8;
  task.out = 8;
  linear_int8(task, {});
  matvec_int8(task, {});
}

} // namespace
} // namespace mlxaudio::kernels
