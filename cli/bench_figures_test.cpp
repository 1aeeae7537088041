// SPDX-License-Identifier: MIT
#include "cli/bench_figures.h"

#include <gtest/gtest.h>

namespace mlxaudio::cli {
namespace {

TEST(SpreadOf, HasTheMiddleOfOddAndEvenNumbers) {
  const Spread odd = spread_of({3, 1, 2});
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.max, 3);
  EXPECT_EQ(spread_of({4, 1, 2, 9}).median, 3);
}

TEST(SharesOf, SetNeedsAgainstTheMachine) {
  const Roofline roofline{{{"f32", 100e9}, {"int8", 400e9}}, 20e9};
  const engine::Phase phase{"step", {0.1, 0.2, 0.4}, {10e9, 1e9}};
  const Shares f32 = shares_of(phase, roofline, "f32");
  EXPECT_DOUBLE_EQ(f32.products, 10e9 / 0.2 / 100e9);
  EXPECT_DOUBLE_EQ(f32.bandwidth, 1e9 / 0.2 / 20e9);
  EXPECT_DOUBLE_EQ(
      shares_of(phase, roofline, "int8").products,
      f32.products / 4);
}

TEST(SharesOf, AreNoneWithoutANeedOrARate) {
  const Roofline roofline{{{"f32", 100e9}}, 20e9};
  EXPECT_EQ(shares_of({"mel", {0.1}, {}}, roofline, "f32").products, 0);
  EXPECT_EQ(shares_of({"mel", {0.1}, {1, 1}}, {}, "f32").bandwidth, 0);
  EXPECT_EQ(shares_of({"mel", {0.1}, {1, 1}}, roofline, "bf16").products, 0);
  EXPECT_EQ(shares_of({"mel", {}, {1, 1}}, roofline, "f32").products, 0);
}

TEST(ProfileTable, EndsWithWhatNoOperationTook) {
  const std::string table = profile_table(
      {{"mlxaudio::Linear", 30, 0.6}, {"mlx::Gather", 2, 0.1}},
      1.0);
  EXPECT_EQ(
      table,
      "operation                               tasks    seconds    share\n"
      "mlxaudio::Linear                           30     0.6000   60.0 %\n"
      "mlx::Gather                                 2     0.1000   10.0 %\n"
      "outside operations                                0.3000   30.0 %\n"
      "all                                               1.0000  100.0 %\n");
}

} // namespace
} // namespace mlxaudio::cli
