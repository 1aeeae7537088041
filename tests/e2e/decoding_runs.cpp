// SPDX-License-Identifier: MIT
#include "decoding_runs.h"

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
  check_runs(
      read_golden(decoding_golden(name)),
      [&, &group = group](const Json& run) {
        return run["quick"] == quick && is_of_group(run, group);
      },
      [&name = name](const Audio& audio, const Json& run) {
        expect_equal(
            model(name).transcribe(audio, read_options(run["options"])),
            run);
      });
}

std::string run_name(const testing::TestParamInfo<RunGroup>& parameters) {
  return identifier(parameters.param.first + "_" + parameters.param.second);
}

} // namespace mlxaudio::e2e
