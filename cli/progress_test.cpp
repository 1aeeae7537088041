// SPDX-License-Identifier: MIT
#include "cli/progress.h"

#include <gtest/gtest.h>

namespace mlxaudio::cli {
namespace {

TEST(Clock, IsWrittenForPeople) {
  EXPECT_EQ(clock(0), "0:00");
  EXPECT_EQ(clock(7.4), "0:07");
  EXPECT_EQ(clock(59.6), "1:00");
  EXPECT_EQ(clock(754), "12:34");
  EXPECT_EQ(clock(3723), "1:02:03");
  EXPECT_EQ(clock(-1), "0:00");
}

TEST(Bar, ShowsShareSpeedAndTimeLeft) {
  EXPECT_EQ(
      bar("a.wav", {.done = 30, .total = 60}, 10, 100),
      "a.wav [====================                    ]  50% 0:30 / 1:00, "
      "3.0x, 0:10 left");
  EXPECT_EQ(
      bar("a.wav", {.done = 0, .total = 60}, 10, 80),
      "a.wav [                                        ]   0% 0:00 / 1:00");
  EXPECT_EQ(
      bar("a.wav", {.done = 61, .total = 60}, 10, 52),
      "a.wav [==========] 100% 1:01 / 1:00, 6.1x, 0:00 left");
}

TEST(Bar, NeverIsWiderThanTheTerminal) {
  for (std::size_t width = 1; width < 130; ++width) {
    const std::string line =
        bar("a rather long name of a file.wav",
            {.done = 1234, .total = 5678},
            99,
            width);
    EXPECT_LE(line.size(), width) << line;
  }
}

TEST(Bar, TakesNoLengthForNoProgress) {
  EXPECT_EQ(
      bar("a.wav", {.done = 0, .total = 0}, 0, 55),
      "a.wav [                              ]   0% 0:00 / 0:00");
}

} // namespace
} // namespace mlxaudio::cli
