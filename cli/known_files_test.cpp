// SPDX-License-Identifier: MIT
#include "cli/known_files.h"

#include <gtest/gtest.h>

#include "core/temp_folder.h"

namespace mlxaudio::cli {
namespace {

TEST(KnownFiles, AreTheSameUnderEveryName) {
  const TempFolder folder;
  const auto a = folder.write("a", "x");
  const auto b = folder.write("b", "x");
  const auto link = folder.path() / "link";
  std::filesystem::create_symlink("a", link);
  std::filesystem::create_hard_link(a, folder.path() / "hard");
  KnownFiles known;
  known.add(a);
  known.add(folder.path() / "none");
  for (const auto& name :
       {a, link, folder.path() / "hard", folder.path() / "." / "a"}) {
    ASSERT_NE(known.find(name), nullptr) << name;
    EXPECT_EQ(*known.find(name), a);
  }
  EXPECT_EQ(known.find(b), nullptr);
  EXPECT_EQ(known.find(folder.path() / "none"), nullptr);
}

} // namespace
} // namespace mlxaudio::cli
