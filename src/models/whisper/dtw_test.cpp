// SPDX-License-Identifier: MIT
#include "models/whisper/dtw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "mlxaudio/error.h"

namespace mlxaudio::whisper {
namespace {

/// A path is found again when its cells cost less than all others. (What the
/// reference's own test of DTW checks.)
void expect_planted_path(std::size_t n, std::size_t m, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> cost(0, 1);
  Matrix<float> x(n, m);
  for (float& value : x.values) {
    value = cost(random);
  }
  // Down or right at each step; two that differ are one diagonal.
  std::vector<bool> steps(n + m - 2);
  std::fill(steps.begin(), steps.begin() + static_cast<int>(n) - 1, true);
  std::shuffle(steps.begin(), steps.end(), random);
  Path planted;
  std::size_t i = 0;
  std::size_t j = 0;
  for (std::size_t k = 0;;) {
    x(i, j) -= 1;
    planted.text_indices.push_back(static_cast<int>(i));
    planted.time_indices.push_back(static_cast<int>(j));
    if (k == steps.size()) {
      break;
    }
    const bool diagonal = k + 1 < steps.size() && steps[k] != steps[k + 1];
    i += diagonal || steps[k] ? 1 : 0;
    j += diagonal || !steps[k] ? 1 : 0;
    k += diagonal ? 2 : 1;
  }
  const Path found = dtw(x);
  EXPECT_EQ(found.text_indices, planted.text_indices);
  EXPECT_EQ(found.time_indices, planted.time_indices);
}

TEST(Dtw, FindsTheCheapestPath) {
  unsigned seed = 0;
  for (const auto& [n, m] : std::vector<std::pair<std::size_t, std::size_t>>{
           {10, 20},
           {32, 16},
           {123, 1500},
           {234, 189},
           {1, 1},
           {1, 5},
           {5, 1}}) {
    SCOPED_TRACE(testing::Message() << n << " x " << m);
    expect_planted_path(n, m, ++seed);
  }
}

TEST(Dtw, OfEqualStepsTakesTheOneAlongTheRow) {
  const Path found = dtw(Matrix<float>(2, 3));
  EXPECT_EQ(found.text_indices, (std::vector{0, 1, 1, 1}));
  EXPECT_EQ(found.time_indices, (std::vector{0, 0, 1, 2}));
}

TEST(Dtw, WhereCostsAreNoNumbersLeavesTheMatrix) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Path found = dtw(Matrix<float>(2, 1, nan));
  EXPECT_EQ(found.text_indices, (std::vector{0, 1, 1}));
  EXPECT_EQ(found.time_indices, (std::vector{-1, -1, 0}));
}

TEST(Dtw, WithoutColumnsGoesDownTheEdge) {
  const Path found = dtw(Matrix<float>(3, 0));
  EXPECT_EQ(found.text_indices, (std::vector{0, 1, 2}));
  EXPECT_EQ(found.time_indices, (std::vector{-1, -1, -1}));
}

TEST(Backtrace, RefusesWhatIsNoStep) {
  Matrix<std::int8_t> trace(3, 3, -1);
  EXPECT_THROW(backtrace(trace), ArgumentError);
  // The edges have their own steps.
  trace(2, 2) = 1;
  trace(1, 2) = 1;
  const Path path = backtrace(trace);
  EXPECT_EQ(path.text_indices, (std::vector{-1, -1, 0, 1}));
  EXPECT_EQ(path.time_indices, (std::vector{0, 1, 1, 1}));
}

} // namespace
} // namespace mlxaudio::whisper
