// SPDX-License-Identifier: MIT
#include "cli/in_turn.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace mlxaudio::cli {
namespace {

TEST(InTurn, TellsFileAfterFile) {
  std::string told;
  InTurn turns;
  const auto add = [&](std::size_t file, char what) {
    turns.add(file, [&told, what] { told += what; });
  };
  add(1, 'd');
  EXPECT_EQ(told, "");
  add(0, 'a');
  add(2, 'f');
  EXPECT_EQ(told, "a");
  add(0, 'b');
  turns.end(2);
  add(1, 'e');
  EXPECT_EQ(told, "ab");
  turns.end(0);
  EXPECT_EQ(told, "abde");
  add(1, '.');
  EXPECT_EQ(told, "abde.");
  turns.end(1);
  EXPECT_EQ(told, "abde.f");
  add(3, 'g');
  EXPECT_EQ(told, "abde.fg");
}

TEST(InTurn, ThrowsWhatAnEventThrows) {
  InTurn turns;
  const auto fail = [] { throw std::domain_error("no"); };
  EXPECT_THROW(turns.add(0, fail), std::domain_error);
  EXPECT_NO_THROW(turns.add(1, fail));
  EXPECT_THROW(turns.end(0), std::domain_error);
}

} // namespace
} // namespace mlxaudio::cli
