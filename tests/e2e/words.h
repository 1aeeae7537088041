// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mlxaudio::e2e {

/// Groups of recorded runs: each is one test.
const std::vector<std::string>& word_groups();

/// The groups that a recorded input is in.
std::vector<std::string> word_groups_of(const std::string& input);

/// Checks the recorded runs of a group: tokens, texts and words must be the
/// reference's, times at most one position of the encoder off, and nearly all
/// equal. Skips what there is no audio for.
void expect_recorded_words(const std::string& model, const std::string& group);

} // namespace mlxaudio::e2e
