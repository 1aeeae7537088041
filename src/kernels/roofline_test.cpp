// SPDX-License-Identifier: MIT
#include "kernels/roofline.h"

#include <gtest/gtest.h>

namespace mlxaudio::kernels {
namespace {

TEST(Roofline, RatesAreThoseOfAComputer) {
  const auto rates = product_rates();
  ASSERT_FALSE(rates.empty());
  EXPECT_EQ(rates.front().type, "f32");
  for (const ProductRate& rate : rates) {
    EXPECT_GT(rate.flops, 1e7) << rate.type;
    EXPECT_LT(rate.flops, 1e15) << rate.type;
  }
}

TEST(Roofline, BandwidthIsThatOfMemory) {
  const double bandwidth = read_bandwidth();
  EXPECT_GT(bandwidth, 1e7);
  EXPECT_LT(bandwidth, 1e13);
}

} // namespace
} // namespace mlxaudio::kernels
