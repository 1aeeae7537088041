// SPDX-License-Identifier: MIT
#include "models/whisper/median_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "mlxaudio/error.h"
#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

std::vector<float> values_of(mx::array a) {
  a.eval();
  return {a.data<float>(), a.data<float>() + a.size()};
}

/// The median of the neighbours of element i of a row, reflected at its ends.
float median_at(const float* row, int n, int i, int width) {
  std::vector<float> window;
  for (int k = i - width / 2; k <= i + width / 2; ++k) {
    const int at = k < 0 ? -k : k >= n ? 2 * (n - 1) - k : k;
    window.push_back(row[at]);
  }
  std::nth_element(window.begin(), window.begin() + width / 2, window.end());
  return window[static_cast<std::size_t>(width / 2)];
}

TEST(MedianFilter, TakesTheMedianOfNeighbours) {
  std::uint64_t seed = 0;
  for (const mx::Shape& shape : std::vector<mx::Shape>{
           {10},
           {1, 15},
           {4, 5, 345},
           {2, 3, 24, 64},
           {2, 65}}) {
    const mx::array x = toy::random_array(shape, ++seed);
    const auto from = values_of(x);
    const int n = shape.back();
    for (const int width : {1, 3, 5, 7, 13}) {
      const mx::array y = median_filter(x, width);
      EXPECT_EQ(y.shape(), shape);
      const auto to = values_of(y);
      for (std::size_t k = 0; k < to.size(); ++k) {
        const int i = static_cast<int>(k % static_cast<std::size_t>(n));
        ASSERT_EQ(to[k], median_at(from.data() + k - i, n, i, width))
            << n << " " << width << " " << k;
      }
    }
  }
}

TEST(MedianFilter, LeavesShortRowsAsTheyAre) {
  const mx::array x = toy::random_array({2, 3}, 1);
  EXPECT_EQ(values_of(median_filter(x, 7)), values_of(x));
  EXPECT_NE(values_of(median_filter(x, 5)), values_of(x));
}

TEST(MedianFilter, TakesNoNumberForTheLargest) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> row{1, nan, 3, 0, 2, nan, nan, nan};
  const auto to =
      values_of(median_filter(mx::array(row.data(), {8}, mx::float32), 3));
  EXPECT_EQ(to[2], 3); // of NaN, 3, 0
  EXPECT_EQ(to[3], 2); // of 3, 0, 2
  EXPECT_EQ(to[4], 2); // of 0, 2, NaN
  EXPECT_TRUE(std::isnan(to[6]));
}

TEST(MedianFilter, WantsAnOddWidth) {
  const mx::array x = toy::random_array({20}, 1);
  for (const int width : {-3, 0, 4}) {
    EXPECT_THROW(median_filter(x, width), ArgumentError) << width;
  }
}

} // namespace
} // namespace mlxaudio::whisper
