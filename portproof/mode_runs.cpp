// SPDX-License-Identifier: MIT
#include "portproof/mode_runs.h"

#include <set>

#include <fmt/format.h>

#include "core/sha256.h"
#include "portproof/modes.h"
#include "portproof/port.h"
#include "portproof/round_work.h"

namespace portproof {

using mlxaudio::Json;

ModeRuns::ModeRuns(std::filesystem::path path) : log_(std::move(path)) {
  index();
}

void ModeRuns::index() {
  runs_.clear();
  for (const Json& line : log_.lines()) {
    runs_.push_back(
        {line.value("round", 0),
         line.value("mode", ""),
         line.value("environment", ""),
         line.value("pass", false),
         line.value("fingerprint", "")});
  }
}

const ModeRun* ModeRuns::last(
    const std::string& mode, int round, const std::string& environment) const {
  const ModeRun* found = nullptr;
  for (const ModeRun& run : runs_) {
    if (run.mode == mode && run.round == round &&
        run.environment == environment) {
      found = &run;
    }
  }
  return found;
}

void ModeRuns::append(
    const Port& port,
    const std::string& environment,
    const std::vector<ModeState>& states) {
  std::vector<Json> lines;
  for (const ModeState& s : states) {
    lines.push_back(RecordLog::sealed(
        {{"time", utc_now()},
         {"round", port.rounds.recording()},
         {"mode", s.mode.name},
         {"environment", environment},
         {"pass", s.wrong.empty()},
         {"passed", s.passed},
         {"failed", s.failed},
         {"skipped", s.skipped},
         {"why", s.wrong},
         {"fingerprint", mode_fingerprint(port, s.mode, environment)}}));
  }
  log_.append(lines);
  index();
}

std::string mode_fingerprint(
    const Port& port, const Mode& mode, const std::string& environment) {
  mlxaudio::Sha256 hash;
  const auto add = [&](std::string_view name, std::string_view value) {
    hash.update(name).update(std::string_view("="));
    hash.update(value).update(std::string_view("\n"));
  };
  add("mode", mode.name);
  add("input", mode.input);
  for (const std::string& test : mode.tests) {
    add("test", test);
  }
  const RoundKind kind = round_kind(port.reference, port.rounds.recording());
  if (const auto it = kind.environments.find(environment);
      it != kind.environments.end()) {
    for (const auto& [key, value] : it->second) {
      add(key, value);
    }
  }
  std::set<std::string> files;
  for (const Component* c : required_components(port)) {
    files.merge(port.closure(*c));
  }
  for (const std::string& file : files) {
    add(file, port.sources.find(file)->hash);
  }
  return hash.hex();
}

std::vector<std::string> modes_left(const Port& port, bool fresh) {
  std::vector<std::string> out;
  const int round = port.rounds.recording();
  const RoundKind kind = round_kind(port.reference, round);
  if (kind.modes.empty()) {
    return out;
  }
  for (const Mode& mode : modes_of(port.reference)) {
    for (const std::string& environment : kind.modes) {
      const ModeRun* run = port.mode_runs.last(mode.name, round, environment);
      const char* lacks =
          run == nullptr ? "its tests were not run in this round"
          : !run->pass   ? "its tests did not pass"
          : !fresh ||
                  run->fingerprint == mode_fingerprint(port, mode, environment)
              ? ""
              : "the code or its tests changed since they passed";
      if (*lacks != '\0') {
        out.push_back(
            fmt::format("mode {} ({}): {}", mode.name, environment, lacks));
      }
    }
  }
  return out;
}

} // namespace portproof
