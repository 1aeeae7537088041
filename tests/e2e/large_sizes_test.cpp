// SPDX-License-Identifier: MIT
// The large sizes at their real dimensions, as in sizes_test.cpp. large-v3
// takes about 10 GB of memory.

#include <gtest/gtest.h>

#include <string>

#include "random_model.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

class LargeSizes : public testing::TestWithParam<std::string> {};

TEST_P(LargeSizes, ComputeWhatTheReferenceComputes) {
  expect_size_as_recorded(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Whisper,
    LargeSizes,
    testing::Values(
        "small.en",
        "small",
        "medium.en",
        "medium",
        "large-v1",
        "large-v2",
        "large-v3",
        "large-v3-turbo",
        "distil-medium.en",
        "distil-large-v2",
        "distil-large-v3",
        "distil-large-v3.5"),
    test_name);

} // namespace
} // namespace mlxaudio::e2e
