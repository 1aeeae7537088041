// SPDX-License-Identifier: MIT
#include "decoding_runs.h"

#include <iostream>
#include <map>

namespace mlxaudio::e2e {

std::string decoding_golden(const std::string& model_name) {
  return "decoding-" + model_name + ".json";
}

std::vector<RunGroup> decoding_run_groups() {
  std::vector<RunGroup> groups;
  for (const auto* name : {"base", "tiny.en"}) {
    for (const auto* group : {"search", "draws", "fallback"}) {
      groups.emplace_back(name, group);
    }
  }
  return groups;
}

bool is_of_group(const Json& run, const std::string& group) {
  const Json& options = run["options"];
  if (!options.contains("temperature") || options["temperature"].is_array()) {
    return group == "fallback";
  }
  return group == (options["temperature"] == 0 ? "search" : "draws");
}

void expect_runs_equal(const RunGroup& of, bool quick) {
  const auto& [name, group] = of;
  MLXAUDIO_NEEDS(lack_of_model(name));
  const Json golden = read_golden(decoding_golden(name));
  const Recipes recipes(golden);
  std::map<std::string, Audio> made;
  std::set<std::string> lacks;
  int n_runs = 0;
  int n_done = 0;
  for (const Json& run : golden["runs"]) {
    if (run["quick"] != quick || !is_of_group(run, group)) {
      continue;
    }
    ++n_runs;
    const std::string input = run["input"];
    if (const auto lack = recipes.lack_of(input); !lack.empty()) {
      lacks.insert(lack);
      continue;
    }
    SCOPED_TRACE(
        input + " " + run["options"].dump() + ", margins " +
        run["margin"].dump() + " and " + run["draw_margin"].dump());
    if (!made.contains(input)) {
      made.emplace(input, recipes.make(input));
    }
    expect_equal(
        model(name).transcribe(made.at(input), read_options(run["options"])),
        run);
    ++n_done;
  }
  EXPECT_GT(n_runs, 0);
  for (const auto& lack : lacks) {
    std::cerr << lack << '\n';
  }
  if (n_done == 0 && !lacks.empty()) {
    GTEST_SKIP() << *lacks.begin();
  }
}

std::string run_name(const testing::TestParamInfo<RunGroup>& parameters) {
  return identifier(parameters.param.first + "_" + parameters.param.second);
}

} // namespace mlxaudio::e2e
