// SPDX-License-Identifier: MIT
#include "portproof/verify.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "portproof/in_parallel.h"
#include "portproof/recorder.h"
#include "portproof/text.h"
#include "portproof/verify_parts.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;

/// The variables that a round's further run asks for; none for the others.
std::map<std::string, std::string> variables(
    const Port& port, const GradeResult& result) {
  return result.environment.empty()
             ? std::map<std::string, std::string>{}
             : round_kind(port.reference, port.rounds.recording())
                   .environments.at(result.environment);
}

std::string run_usual(
    const Port& port,
    const ProbeProgram& program,
    const VerifyOptions& options,
    const Golden& golden,
    GradeResult& result) {
  GradeRun asked = {
      .golden = golden,
      .calls = {},
      .environment = variables(port, result),
      .time_limit = options.time_limit.value_or(port.reference.time_limit),
      .alter = options.alter,
      .own = [&](const std::string& call) {
        return port.reference.call_tolerance(
            golden.component,
            result.grade,
            call);
      }};
  for (const Call& call : golden.calls) {
    if (result.grade != "exact" || call.oracle == "mlx") {
      asked.calls.push_back(&call);
    }
  }
  return run_grade(program, asked, result);
}

bool required(const Port& port, const Component& c) {
  const Rule* stage = port.reference.stage(c.name);
  return stage != nullptr && stage->required;
}

/// Whether one of the calls is named so, in whatever round.
bool has_call(const Golden& golden, const std::string& pattern) {
  return std::any_of(
      golden.calls.begin(),
      golden.calls.end(),
      [&](const Call& call) { return matches(pattern, plain_id(call.id)); });
}

/// The same among the calls of rounds that are still to come.
bool has_later_call(
    const Port& port, const Golden& golden, const std::string& pattern) {
  const fs::path goldens = golden_folder(port.project, port.reference);
  for (int round = port.rounds.recording() + 1;
       round <= rounds_wanted(port.reference);
       ++round) {
    const fs::path path =
        golden_path(round_goldens(goldens, round), golden.component);
    if (fs::exists(path) && has_call(Golden::load(path), pattern)) {
      return true;
    }
  }
  return false;
}

/// The first pattern of `calls` in a [[tolerance]] that no call has; empty: all
/// are used.
std::string idle_calls(const Port& port, const Golden& golden) {
  const Json rules = port.reference.call_tolerances(golden.component);
  for (const Json& rule : rules) {
    for (const std::string pattern : rule.at("calls")) {
      if (!has_call(golden, pattern) &&
          !has_later_call(port, golden, pattern)) {
        return pattern;
      }
    }
  }
  return {};
}

Result verify_one(
    const Port& port,
    const Component& c,
    const ProbeProgram& program,
    const VerifyOptions& options,
    std::optional<Golden>& golden) {
  Result r;
  r.component = c.name;
  if (std::string what = lacks(port, c, program); !what.empty()) {
    r.why = what;
    return r;
  }
  if (const std::string file = stale(port, c, program); !file.empty()) {
    r.state = Result::State::stale;
    r.why = fmt::format("{} changed since the build: build again", file);
    return r;
  }
  r.state = Result::State::fail;
  try {
    golden = port.golden(c);
    r.why = other_mlx(port, *golden, program);
    if (!r.why.empty()) {
      return r;
    }
    if (const std::string idle = idle_calls(port, *golden); !idle.empty()) {
      r.why = fmt::format(
          "no recorded call is named `{}`, which a [[tolerance]] in "
          "reference.toml has among its `calls`",
          idle);
      return r;
    }
    std::vector<GradeResult> grades;
    if (golden->has_oracle("mlx")) {
      grades.push_back({"exact", {}, {}, {}});
    }
    grades.push_back({"close", {}, {}, {}});
    if (options.environments) {
      for (const auto& [name, variables] :
           round_kind(port.reference, port.rounds.recording()).environments) {
        grades.push_back({"close", name, {}, {}});
      }
    }
    for (GradeResult& g : grades) {
      // Without a tolerance of its own a component's numbers must be equal.
      g.tolerance =
          port.reference.tolerance(c.name, g.grade).value_or(Tolerance{});
      const std::string trouble = run_usual(port, program, options, *golden, g);
      r.grades.push_back(g);
      r.why = trouble.empty() ? difference(r.grades.back()) : trouble;
      if (!r.why.empty()) {
        return r;
      }
    }
  } catch (const mlxaudio::Error& e) {
    r.why = e.what();
    return r;
  }
  r.state = Result::State::pass;
  return r;
}

std::vector<const Component*> chosen_components(
    const Port& port,
    const ProbeProgram& program,
    const VerifyOptions& options) {
  std::vector<const Component*> chosen;
  for (const Component& c : port.inventory.components) {
    const Rule* stage = port.reference.stage(c.name);
    if (!matches(options.component, c.name) ||
        port.reference.waiver(c.name) != nullptr ||
        (!options.stage.empty() &&
         (stage == nullptr || stage->text != options.stage))) {
      continue;
    }
    if (!required(port, c) && !lacks(port, c, program).empty() &&
        options.component != c.name) {
      continue;
    }
    chosen.push_back(&c);
  }
  return chosen;
}

} // namespace

std::string missing_inputs(const Port& port, const Component& c) {
  const int round = port.rounds.recording();
  const RoundKind kind = round_kind(port.reference, round);
  const fs::path goldens = golden_folder(port.project, port.reference);
  for (const std::string& file : kind.files_for(c.name)) {
    const fs::path path = golden_path(round_goldens(goldens, round), c.name);
    const std::vector<Call> calls =
        fs::exists(path) ? Golden::load(path).calls : std::vector<Call>{};
    if (std::none_of(calls.begin(), calls.end(), [&](const Call& call) {
          return call.from == file;
        })) {
      return fmt::format(
          "round {} asks for the calls of {}: `portproof trace {} --round {} "
          "--component {}`",
          round,
          file,
          port.reference.model,
          round,
          c.name);
    }
  }
  if (!kind.asks_fresh(c.name)) {
    return {};
  }
  const auto seeds = [&](int of) {
    const fs::path path = golden_path(round_goldens(goldens, of), c.name);
    return fs::exists(path) ? Golden::load(path).seeds()
                            : std::set<std::uint64_t>{};
  };
  const std::set<std::uint64_t> before = seeds(1);
  const std::set<std::uint64_t> now = seeds(round);
  const bool same =
      now.empty() || std::any_of(now.begin(), now.end(), [&](std::uint64_t s) {
        return before.contains(s);
      });
  // What has no random input has no other ones either: it runs again.
  return !before.empty() && same
             ? fmt::format(
                   "round {} asks for calls with other inputs: `portproof "
                   "trace {} --round {}`",
                   round,
                   port.reference.model,
                   round)
             : std::string();
}

std::vector<Result> verify(Port& port, const VerifyOptions& options) {
  if (options.record && (options.jobs != 1 || !options.environments)) {
    throw mlxaudio::ArgumentError(
        "[portproof] evidence is of whole runs, one at a time: give jobs = 1 "
        "and all environments, or do not record");
  }
  const ProbeProgram program = ProbeProgram::open(options.command);
  const std::vector<const Component*> chosen =
      chosen_components(port, program, options);
  std::vector<Result> results(chosen.size());
  std::mutex told;
  const auto run = [&](std::size_t i) {
    const auto start = std::chrono::steady_clock::now();
    std::optional<Golden> golden;
    Result& r = results[i];
    r = verify_one(port, *chosen[i], program, options, golden);
    r.why =
        mlxaudio::replace_malformed_utf8(r.why); // a program may say anything
    r.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    if (options.record && golden && r.state != Result::State::stale) {
      Json line = evidence_fields(port, *chosen[i], *golden, program, r);
      line["fingerprint"] = port.fingerprint(*chosen[i], *golden);
      record(port, line);
    }
    if (options.progress) {
      const std::lock_guard lock(told);
      options.progress(r);
    }
  };
  in_parallel(chosen.size(), options.jobs, run);
  return results;
}

} // namespace portproof
