// SPDX-License-Identifier: MIT
// The runs of decoding_test.cpp's recordings that take minutes.

#include "decoding_runs.h"

namespace mlxaudio::e2e {
namespace {

TEST_P(DecodingRuns, AreTheReferencesTokenForToken) {
  expect_runs_equal(GetParam(), /*quick=*/false);
}

INSTANTIATE_TEST_SUITE_P(
    Slow, DecodingRuns, testing::ValuesIn(decoding_run_groups()), run_name);

} // namespace
} // namespace mlxaudio::e2e
