// SPDX-License-Identifier: MIT
#include "core/memory_count.h"

#include <gtest/gtest.h>

#include <utility>

namespace mlxaudio {
namespace {

TEST(MemoryCount, CountsWhileItLives) {
  const MemoryHeld before = memory_held(MemoryFor::audio);
  {
    CountedMemory one(MemoryFor::audio, 1000);
    EXPECT_EQ(memory_held(MemoryFor::audio).now, before.now + 1000);
    const CountedMemory two(MemoryFor::audio, 10);
    EXPECT_EQ(memory_held(MemoryFor::audio).now, before.now + 1010);
    one.resize(1);
    EXPECT_EQ(memory_held(MemoryFor::audio).now, before.now + 11);
  }
  const MemoryHeld after = memory_held(MemoryFor::audio);
  EXPECT_EQ(after.now, before.now);
  EXPECT_GE(after.most, before.now + 1010);
}

TEST(MemoryCount, IsMovedNotCopied) {
  const std::size_t before = memory_held(MemoryFor::scratch).now;
  CountedMemory one(MemoryFor::scratch, 100);
  CountedMemory two = std::move(one);
  EXPECT_EQ(memory_held(MemoryFor::scratch).now, before + 100);
  {
    CountedMemory three(MemoryFor::scratch, 5);
    three = std::move(two);
    EXPECT_EQ(memory_held(MemoryFor::scratch).now, before + 105);
  }
  EXPECT_EQ(memory_held(MemoryFor::scratch).now, before + 5);
}

TEST(MemoryCount, KeepsWhatItIsForApart) {
  const std::size_t before = memory_held(MemoryFor::weights_copied).now;
  const CountedMemory other(MemoryFor::weights_in_place, 7);
  EXPECT_EQ(memory_held(MemoryFor::weights_copied).now, before);
}

} // namespace
} // namespace mlxaudio
