// SPDX-License-Identifier: MIT
// The small sizes at their real dimensions, with pseudo-random weights where
// none are packaged, against the reference on the same weights.

#include <gtest/gtest.h>

#include <string>

#include "engine/model_store.h"
#include "models/whisper/config.h"
#include "random_model.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

class SmallSizes : public testing::TestWithParam<std::string> {};

TEST_P(SmallSizes, ComputeWhatTheReferenceComputes) {
  expect_size_as_recorded(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Whisper,
    SmallSizes,
    testing::Values("tiny.en", "tiny", "base.en", "base", "distil-small.en"),
    test_name);

TEST(Sizes, EachOfTheCatalogueIsRecorded) {
  const Json sizes = read_golden("sizes.json")["sizes"];
  for (const auto& entry : engine::catalogue()) {
    bool recorded = false;
    for (const auto& [name, size] : sizes.items()) {
      recorded |=
          whisper::read_dimensions(size["dims"], "sizes.json") == entry.dims;
    }
    EXPECT_TRUE(recorded) << entry.name << " has dimensions of no recording";
  }
}

} // namespace
} // namespace mlxaudio::e2e
