// SPDX-License-Identifier: MIT
#include "kernels/rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "kernels/test_support.h"

namespace mlxaudio::kernels {
namespace {

using test::Floats;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

double exact_gelu(double x) {
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}

TEST(Gelu, IsWithinTwoUnitsInTheLastPlaceOfTheSum) {
  Floats x;
  for (float v = -12.0f; v <= 12.0f; v += 0.00037f) {
    x.push_back(v);
  }
  test::on_every_isa([&](const std::string& name) {
    Floats y(x.size());
    gelu(x.data(), x.size(), y.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      // 1 + erf is at most 2; below zero the product with x is small.
      const double unit = std::ldexp(std::max(std::abs(x[i]), 1e-3f), -24);
      const double exact = exact_gelu(x[i]);
      const double bound = x[i] > 0 ? 4 * unit : 2 * unit;
      ASSERT_NEAR(y[i], exact, bound) << name << " at " << x[i];
    }
  });
}

TEST(Gelu, KeepsItsDigitsBelowZero) {
  test::on_every_isa([&](const std::string& name) {
    for (const float x : {-0.5f, -1.0f, -2.0f, -3.0f, -4.0f}) {
      float y = 0;
      gelu(&x, 1, &y);
      EXPECT_NEAR(y / exact_gelu(x), 1.0, 1e-4) << name << " at " << x;
    }
  });
}

TEST(Gelu, KnowsTheEdges) {
  const Floats x{0.0f, -0.0f, kInfinity, -kInfinity, kNaN, 1e30f, -1e30f};
  test::on_every_isa([&](const std::string& name) {
    Floats y(x.size());
    gelu(x.data(), x.size(), y.data());
    EXPECT_EQ(y[0], 0.0f) << name;
    EXPECT_EQ(y[1], 0.0f) << name;
    EXPECT_EQ(y[2], kInfinity) << name;
    EXPECT_TRUE(std::isnan(y[3])) << name << ": as the references have it";
    EXPECT_TRUE(std::isnan(y[4])) << name;
    EXPECT_EQ(y[5], 1e30f) << name;
    EXPECT_EQ(y[6], 0.0f) << name;
  });
}

TEST(Softmax, AgreesWithDoubles) {
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t columns : {1u, 3u, 16u, 17u, 100u, 1500u, 51865u}) {
      const std::size_t rows = columns > 10000 ? 1 : 5;
      const Floats x = test::normal(rows * columns, 4, 5.0f);
      Floats y(x.size());
      softmax(x.data(), rows, columns, y.data());
      for (std::size_t i = 0; i < rows; ++i) {
        const float* row = x.data() + i * columns;
        const double max = *std::max_element(row, row + columns);
        double sum = 0, total = 0;
        for (std::size_t j = 0; j < columns; ++j) {
          sum += std::exp(row[j] - max);
        }
        for (std::size_t j = 0; j < columns; ++j) {
          const double exact = std::exp(row[j] - max) / sum;
          ASSERT_NEAR(y[i * columns + j], exact, 4e-6 * exact + 1e-30)
              << name << " " << columns;
          total += y[i * columns + j];
        }
        EXPECT_NEAR(total, 1.0, 1e-6);
      }
    }
  });
}

TEST(Softmax, KnowsMasksAndNaN) {
  test::on_every_isa([](const std::string& name) {
    const Floats x{
        1.0f,
        -kInfinity,
        1.0f,
        -kInfinity, // masked
        -kInfinity,
        -kInfinity,
        -kInfinity,
        -kInfinity, // nothing left
        0.0f,
        kNaN,
        1.0f,
        2.0f,
        0.0f,
        1000.0f,
        0.0f,
        -1000.0f};
    Floats y(x.size());
    softmax(x.data(), 4, 4, y.data());
    EXPECT_EQ(Floats(y.begin(), y.begin() + 4), (Floats{0.5f, 0, 0.5f, 0}))
        << name;
    for (std::size_t i = 4; i < 12; ++i) {
      EXPECT_TRUE(std::isnan(y[i])) << name << " " << i;
    }
    EXPECT_EQ(Floats(y.begin() + 12, y.end()), (Floats{0, 1, 0, 0})) << name;
  });
}

TEST(Greatest, IsFoundWhereverItStands) {
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t n : {1u, 4u, 15u, 16u, 17u, 40u}) {
      for (std::size_t at = 0; at < n; ++at) {
        Floats x = test::normal(n, 3);
        x[at] = 100.0f;
        EXPECT_EQ(greatest(x.data(), n), 100.0f) << name << " " << at;
      }
    }
    const Floats none(33, -kInfinity);
    EXPECT_EQ(greatest(none.data(), none.size()), -kInfinity) << name;
  });
}

TEST(LogSumExp, AgreesWithDoubles) {
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t n :
         {1u, 7u, 8u, 9u, 100u, 511u, 512u, 513u, 1501u, 51865u}) {
      const Floats x = test::normal(n, 5, 6.0f);
      const double max = *std::max_element(x.begin(), x.end());
      double sum = 0;
      for (const float v : x) {
        sum += std::exp(v - max);
      }
      EXPECT_NEAR(log_sum_exp(x.data(), n), max + std::log(sum), 2e-7)
          << name << " " << n;
    }
  });
}

TEST(LogSumExp, KnowsWhatIsNotFinite) {
  test::on_every_isa([](const std::string& name) {
    Floats x(40, -kInfinity);
    EXPECT_EQ(log_sum_exp(x.data(), x.size()), -kInfinity) << name;
    x[33] = -2.5f;
    EXPECT_EQ(log_sum_exp(x.data(), x.size()), -2.5) << name;
    x[1] = kNaN;
    EXPECT_TRUE(std::isnan(log_sum_exp(x.data(), x.size()))) << name;
    x[1] = kInfinity;
    EXPECT_EQ(log_sum_exp(x.data(), x.size()), kInfinity) << name;
  });
}

TEST(LayerNorm, AgreesWithDoubles) {
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t columns : {1u, 5u, 64u, 65u, 512u, 1280u}) {
      const std::size_t rows = 70;
      Floats x = test::normal(rows * columns, 6, 3.0f);
      for (float& v : x) {
        v += 40.0f; // a mean that one-pass formulas lose their digits to
      }
      const auto weight = test::weights(test::normal(columns, 7), Type::f16);
      const auto bias = test::weights(test::normal(columns, 8), Type::bf16);
      Floats y(x.size());
      layer_norm(
          x.data(),
          rows,
          columns,
          weight.numbers(),
          bias.numbers(),
          1e-5f,
          y.data());
      for (std::size_t i = 0; i < rows; ++i) {
        const float* row = x.data() + i * columns;
        double mean = 0, variance = 0;
        for (std::size_t j = 0; j < columns; ++j) {
          mean += row[j] / static_cast<double>(columns);
        }
        for (std::size_t j = 0; j < columns; ++j) {
          variance +=
              (row[j] - mean) * (row[j] - mean) / static_cast<double>(columns);
        }
        for (std::size_t j = 0; j < columns; ++j) {
          const double exact =
              (row[j] - mean) / std::sqrt(variance + 1e-5) * weight.worth[j] +
              bias.worth[j];
          ASSERT_NEAR(y[i * columns + j], exact, 2e-5)
              << name << " " << columns;
        }
      }
    }
  });
}

TEST(Narrow, RoundsToTheNearestF16OnEveryIsa) {
  test::on_every_isa([](const std::string& name) {
    for (const std::size_t n : {1u, 7u, 64u, 100'003u}) {
      const auto exact = test::weights(test::normal(n, 3), Type::f16);
      for (const float off : {1.0f, 1.0002f, 0.9998f}) {
        Floats x = exact.worth;
        for (float& v : x) {
          v *= off; // less than half of what tells f16's numbers apart
        }
        std::vector<std::uint16_t> y(n);
        narrow(x.data(), n, y.data());
        ASSERT_EQ(std::memcmp(y.data(), exact.bytes.data(), 2 * n), 0)
            << name << " " << n << " " << off;
      }
    }
  });
}

TEST(Narrow, GivesTheEdgesOfF16OnEveryIsa) {
  const std::vector<std::pair<float, std::uint16_t>> edges = {
      {0.0f, 0x0000},
      {-0.0f, 0x8000},
      {1.0f, 0x3c00},
      {-2.0f, 0xc000},
      {65504.0f, 0x7bff}, // the greatest
      {65519.0f, 0x7bff},
      {65520.0f, 0x7c00}, // a tie, to even: infinity
      {-1e9f, 0xfc00},
      {kInfinity, 0x7c00},
      {-kInfinity, 0xfc00},
      {0x1p-14f, 0x0400},     // the least normal
      {0x1.ffcp-15f, 0x0400}, // a tie, to even
      {0x1.ff8p-15f, 0x03ff}, // the greatest subnormal
      {0x1p-24f, 0x0001},     // the least
      {0x1p-25f, 0x0000},     // a tie, to even
      {0x1.8p-24f, 0x0002},   // a tie, to even
      {0x1.000002p-25f, 0x0001},
      {-1e-30f, 0x8000},
      {0x1.002p0f, 0x3c00}, // a tie, to even
      {0x1.006p0f, 0x3c02}, // a tie, to even
      {0x1.002002p0f, 0x3c01}};
  test::on_every_isa([&](const std::string& name) {
    for (const auto& [x, bits] : edges) {
      std::uint16_t y = 0;
      narrow(&x, 1, &y);
      EXPECT_EQ(y, bits) << name << " " << x;
    }
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::uint16_t y = 0;
    narrow(&nan, 1, &y);
    EXPECT_GT(y & 0x7fff, 0x7c00) << name;
  });
}

TEST(Rows, GiveTheSameBitsForEveryThreadCount) {
  const std::size_t rows = 300, columns = 517;
  const Floats x = test::normal(rows * columns, 1);
  const auto weight = test::weights(test::normal(columns, 2), Type::f32);
  const auto run = [&](const auto& f) {
    return test::same_for_every_thread_count([&] {
      Floats y(x.size());
      f(y.data());
      return y;
    });
  };
  EXPECT_TRUE(run([&](float* y) { gelu(x.data(), x.size(), y); }));
  EXPECT_TRUE(run([&](float* y) { softmax(x.data(), rows, columns, y); }));
  EXPECT_TRUE(run([&](float* y) {
    const auto w = weight.numbers();
    layer_norm(x.data(), rows, columns, w, w, 1e-5f, y);
  }));
}

} // namespace
} // namespace mlxaudio::kernels
