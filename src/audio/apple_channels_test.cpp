// SPDX-License-Identifier: MIT
#include "audio/apple_channels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "audio/testing.h"

namespace mlxaudio {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using testing::TemporaryFolder;

std::string big_endian(std::uint64_t value, int n_bytes) {
  std::string bytes;
  for (int i = n_bytes; i-- > 0;) {
    bytes += static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

std::string words(const std::vector<std::uint32_t>& values) {
  std::string bytes;
  for (const std::uint32_t value : values) {
    bytes += big_endian(value, 4);
  }
  return bytes;
}

std::string aiff(const std::string& layout) {
  // The first chunk has an odd size, and a byte after it.
  return "FORM" + big_endian(0, 4) + "AIFFNAME" + big_endian(3, 4) +
         std::string("abc\0", 4) + "CHAN" + big_endian(layout.size(), 4) +
         layout;
}

std::string caf(const std::string& layout) {
  return "caff" + big_endian(0x00010000, 4) + "info" + big_endian(3, 8) +
         "abc" + "chan" + big_endian(layout.size(), 8) + layout;
}

std::optional<AppleLayout> layout_in(const std::string& bytes) {
  const TemporaryFolder folder;
  testing::write_bytes(folder / "a", bytes);
  return apple_layout(InputFile(folder / "a"));
}

TEST(AppleLayout, IsReadFromBothFormats) {
  const std::string bytes = words({0, 7, 1, 3, 0, 0, 0, 0});
  for (const auto& file : {aiff(bytes), caf(bytes)}) {
    const auto layout = layout_in(file);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->tag, 0U);
    EXPECT_EQ(layout->bitmap, 7U);
    EXPECT_THAT(layout->labels, ElementsAre(3));
  }
}

TEST(AppleLayout, IsAbsentWhereItIsNotWhole) {
  EXPECT_FALSE(layout_in(aiff(words({1U << 16, 7}))));
  // Two descriptions are promised, one is there.
  EXPECT_FALSE(layout_in(aiff(words({0, 0, 2, 3, 0, 0, 0, 0}))));
  EXPECT_FALSE(layout_in("RIFF" + aiff(words({1U << 16, 7, 0})).substr(4)));
  EXPECT_FALSE(layout_in("caff"));
  // A chunk that is longer than the file, one without end, one cut short.
  EXPECT_FALSE(layout_in("caff0000data" + big_endian(1U << 30, 8) + "chan"));
  EXPECT_FALSE(layout_in("caff0000data" + std::string(8, '\xff') + "chan"));
  EXPECT_FALSE(layout_in("caff0000data" + big_endian(2, 8) + "xxchan0"));
}

TEST(AppleLayout, NamesChannelsByMaskOrLabel) {
  using enum Channel;
  constexpr auto kBitmap = AppleLayout::kUseBitmap;
  EXPECT_THAT(
      channels_of(AppleLayout{.tag = kBitmap, .bitmap = 7}, 3),
      Optional(ElementsAre(front_left, front_right, front_center)));
  EXPECT_FALSE(channels_of(AppleLayout{.tag = kBitmap, .bitmap = 7}, 2));
  EXPECT_FALSE(channels_of(AppleLayout{.tag = kBitmap, .bitmap = 1U << 18}, 1));
  // Labels count from 1, and their order is not kept.
  EXPECT_THAT(
      channels_of(AppleLayout{.labels = {10, 3}}, 2),
      Optional(ElementsAre(front_center, side_left)));
  EXPECT_FALSE(channels_of(AppleLayout{.labels = {1, 0}}, 1));
  EXPECT_FALSE(channels_of(AppleLayout{.labels = {1, 19}}, 2));
  EXPECT_FALSE(channels_of(AppleLayout{.labels = {1, 1}}, 2));
}

TEST(AppleLayout, NamesChannelsByTag) {
  using enum Channel;
  constexpr std::uint32_t kStereo = 101U << 16 | 2;
  EXPECT_THAT(
      channels_of(AppleLayout{.tag = kStereo}, 2),
      Optional(ElementsAre(front_left, front_right)));
  EXPECT_FALSE(channels_of(AppleLayout{.tag = kStereo}, 3));
  EXPECT_FALSE(channels_of(AppleLayout{.tag = 99U << 16 | 2}, 2));
}

} // namespace
} // namespace mlxaudio
