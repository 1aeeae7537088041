// SPDX-License-Identifier: MIT
// The rest of words_test.cpp: runs that take minutes together.

#include <gtest/gtest.h>

#include "support.h"
#include "words.h"

namespace mlxaudio::e2e {
namespace {

class SlowWords : public testing::TestWithParam<WordRuns> {};

TEST_P(SlowWords, AreTheReferencesAtItsTimes) {
  MLXAUDIO_NEEDS(lack_of_model(GetParam().model));
  expect_recorded_words(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Whisper, SlowWords, testing::ValuesIn(word_runs(true)), word_test_name);

} // namespace
} // namespace mlxaudio::e2e
