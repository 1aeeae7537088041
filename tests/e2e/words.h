// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "core/json.h"

namespace mlxaudio::e2e {

/// Recorded runs of a model that are one test.
struct WordRuns {
  std::string model;
  std::string group;

  friend void PrintTo(const WordRuns& runs, std::ostream* os) {
    *os << runs.model << ", " << runs.group;
  }
};

/// Those that a run of all tests has time for, or the slow ones.
std::vector<WordRuns> word_runs(bool slow);

/// The groups that a recorded run is in.
std::vector<std::string> word_groups_of(const Json& run);

/// Names a test by its runs.
std::string word_test_name(const testing::TestParamInfo<WordRuns>& parameters);

/// Checks recorded runs: tokens, texts and words must be the reference's, times
/// at most one position of the encoder off, and nearly all equal. Skips what
/// there is no audio for.
void expect_recorded_words(const WordRuns& runs);

} // namespace mlxaudio::e2e
