// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "recipes.h"
#include "support.h"

namespace mlxaudio::e2e {

/// A model, and one of the groups that its recorded runs are in.
using RunGroup = std::pair<std::string, std::string>;

class DecodingRuns : public testing::TestWithParam<RunGroup> {};

/// The recording of a model.
std::string decoding_golden(const std::string& model_name);

/// Both models with each group.
std::vector<RunGroup> decoding_run_groups();

/// Whether a recorded run is of a group: "search", "draws" (one temperature
/// above 0), "fallback".
bool is_of_group(const Json& run, const std::string& group);

/// Transcribes with the options of each run of a group and expects the
/// recorded result. \param quick the quick runs, or the others
void expect_runs_equal(const RunGroup& group, bool quick);

std::string run_name(const testing::TestParamInfo<RunGroup>& parameters);

} // namespace mlxaudio::e2e
