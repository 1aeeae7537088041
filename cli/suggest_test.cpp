// SPDX-License-Identifier: MIT
#include "cli/suggest.h"

#include <gtest/gtest.h>

namespace mlxaudio::cli {
namespace {

const std::vector<std::string> kKnown = {
    "--language", "--beam-size", "--temperature-increment-on-fallback"};

TEST(Nearest, KnowsSlipsAndBeginnings) {
  EXPECT_EQ(nearest("--langage", kKnown), "--language");
  EXPECT_EQ(nearest("--bean-sizes", kKnown), "--beam-size");
  EXPECT_EQ(nearest("--temp", kKnown), "--temperature-increment-on-fallback");
  EXPECT_EQ(nearest("--colour", kKnown), "");
  EXPECT_EQ(nearest("--", kKnown), "");
  EXPECT_EQ(nearest("--language", {}), "");
}

TEST(Nearest, TakesAnyBytesAndAnyLength) {
  EXPECT_EQ(
      nearest(
          "--langu\xff"
          "ge",
          kKnown),
      "--language");
  EXPECT_EQ(nearest(std::string(1 << 20, '-'), kKnown), "");
}

} // namespace
} // namespace mlxaudio::cli
