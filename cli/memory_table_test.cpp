// SPDX-License-Identifier: MIT
#include "cli/memory_table.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace mlxaudio::cli {
namespace {

engine::MemoryReport report() {
  return {
      .weights_in_place = {145'200'000, 145'200'000},
      .weights_copied = {0, 0},
      .mlx = {37'000'000, 90'000'000},
      .mlx_cache = 0,
      .audio = {0, 3'840'000},
      .scratch = {0, 6'300'000},
      .peak = 300'000'000,
      .resident = engine::MemoryReport::Resident{80'000'000, 170'000'000}};
}

TEST(MemoryTable, NamesEachPartWithItsNumbers) {
  const std::string table = memory_table(report());
  EXPECT_NE(
      table.find("weights, read in place                    145.2      145.2"),
      std::string::npos)
      << table;
  EXPECT_NE(
      table.find("MLX's arrays                               37.0       90.0"),
      std::string::npos)
      << table;
  EXPECT_NE(
      table.find("in memory, own                             80.0"),
      std::string::npos)
      << table;
  EXPECT_NE(
      table.find("process" + std::string(46, ' ') + "300.0\n"),
      std::string::npos)
      << table;
}

TEST(MemoryTable, LeavesOutWhatTheSystemDoesNotSay) {
  engine::MemoryReport without = report();
  without.resident.reset();
  EXPECT_EQ(memory_table(without).find("in memory"), std::string::npos);
  EXPECT_FALSE(memory_json(without).contains("resident_anonymous"));
}

TEST(MemoryTable, IsALineOfJson) {
  const Json json = memory_json(report());
  EXPECT_EQ(json["type"], "memory");
  EXPECT_EQ(json["mlx"]["most"], 90'000'000);
  EXPECT_EQ(json["resident_files"], 170'000'000);
  EXPECT_EQ(json["peak"], 300'000'000);
}

TEST(MemoryReport, SeesMemoryThatTheProcessTakes) {
  const auto before = engine::memory_report();
  const std::vector<char> taken(std::size_t{64} << 20, 1);
  const auto after = engine::memory_report();
  EXPECT_EQ(taken.back(), 1);
  EXPECT_GE(after.peak, std::size_t{64} << 20);
  if (before.resident && after.resident) {
    EXPECT_GE(
        after.resident->anonymous,
        before.resident->anonymous + (std::size_t{60} << 20));
  }
}

} // namespace
} // namespace mlxaudio::cli
