// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/json.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/modes.h"
#include "portproof/port.h"
#include "portproof/probe_run.h"
#include "portproof/process.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;
namespace fs = std::filesystem;

struct TestsArguments {
  std::string model, build, list, junit, skeleton;
  std::string mode; ///< the only one to run; empty: all
  /// That the report is of, or the only one to run in; empty: usual, or all.
  std::string environment;
  bool run = false, json = false;
};

std::string text_of(const fs::path& path) {
  return mlxaudio::read_file(path, mlxaudio::ErrorCode::config);
}

std::vector<std::string> registered(
    const Project& project, const TestsArguments& o) {
  if (!o.list.empty()) {
    return registered_tests(text_of(o.list), o.list);
  }
  const fs::path build = build_folder(project, o.build);
  if (!fs::exists(build / "CTestTestfile.cmake")) {
    throw ConfigError(fmt::format(
        "[portproof] {} has no tests: build the port, or name its build "
        "folder with --build, or a list of tests with --list",
        build.string()));
  }
  const Finished finished =
      run({{"ctest", "--test-dir", build.string(), "--show-only=json-v1"}});
  if (finished.code != 0) {
    throw ConfigError(fmt::format(
        "[portproof] ctest cannot list the tests of {}: {}",
        build.string(),
        describe(finished)));
  }
  return registered_tests(finished.out, build.string());
}

/// A pattern as a regular expression that ctest takes.
std::string expression(const std::string& pattern) {
  std::string out = "^";
  for (const char c : pattern) {
    if (c == '*') {
      out += ".*";
    } else {
      out += std::string("^$.|?+()[]{}\\").find(c) == std::string::npos
                 ? std::string(1, c)
                 : fmt::format("\\{}", c);
    }
  }
  // Parameterized tests have their parameters after the name.
  return out + (pattern.ends_with('*') ? "" : "($| )");
}

/// Runs the tests of all modes. \return what came of each
std::map<std::string, TestOutcome> run_tests(
    const Project& project,
    const TestsArguments& o,
    const std::vector<Mode>& modes,
    const std::map<std::string, std::string>& variables) {
  std::string all;
  for (const Mode& mode : modes) {
    for (const std::string& pattern : mode.tests) {
      all += (all.empty() ? "" : "|") + expression(pattern);
    }
  }
  const fs::path build = build_folder(project, o.build);
  const fs::path report = build / fmt::format("{}-modes.xml", o.model);
  fs::remove(report);
  fs::create_directories(generated_folder());
  const Finished finished = run(
      {{"ctest",
        "--test-dir",
        build.string(),
        "-R",
        all,
        "--output-junit",
        report.string()},
       variables,
       {},
       true});
  if (!fs::exists(report)) {
    throw ConfigError(fmt::format(
        "[portproof] ctest wrote no report ({}): see above",
        describe(finished)));
  }
  return junit_outcomes(text_of(report), report.string());
}

std::string counts(const ModeState& s, bool asked) {
  if (!asked) {
    return fmt::format(
        "{} test{}",
        s.tests.size(),
        s.tests.size() == 1 ? "" : "s");
  }
  return fmt::format(
      "{} of {} passed{}",
      s.passed,
      s.tests.size(),
      s.skipped > 0 ? fmt::format(", {} skipped", s.skipped) : "");
}

/// Refuses a build of other sources than those that lie there now, whose tests
/// would show nothing of these.
void check_build(const Port& port, const fs::path& build) {
  const ProbeProgram program = ProbeProgram::open(
      probe_command(port.project, port.reference, build, ""));
  for (const auto& [path, file] : port.sources.files()) {
    if (!program.stamp.holds(path, file.hash)) {
      throw ConfigError(fmt::format(
          "[portproof] {} changed since {} was built: build again, and run "
          "the tests then",
          path,
          build.string()));
    }
  }
}

/// Refuses a report that was written before the round was opened.
void check_report(const fs::path& report, const Round& round) {
  const auto age =
      fs::file_time_type::clock::now() - fs::last_write_time(report);
  const auto written =
      std::chrono::system_clock::now() -
      std::chrono::duration_cast<std::chrono::system_clock::duration>(age);
  const std::string time = fmt::format(
      "{:%Y-%m-%dT%H:%M:%SZ}",
      fmt::gmtime(std::chrono::system_clock::to_time_t(written)));
  if (time < round.opened) {
    throw ConfigError(fmt::format(
        "[portproof] {} was written before round {} was opened ({}): run the "
        "tests again",
        report.string(),
        round.number,
        round.opened));
  }
}

/// The environments whose runs count for the open round; none: it asks for
/// none, or no round is open.
std::vector<std::string> asked_for(
    const Project& project, const Reference& reference) {
  const Rounds rounds(project.folder(reference.model) / "rounds.jsonl");
  return rounds.current().is_open()
             ? round_kind(reference, rounds.recording()).modes
             : std::vector<std::string>{};
}

std::vector<Mode> chosen_modes(
    const Reference& reference, const TestsArguments& o) {
  std::vector<Mode> modes = modes_of(reference);
  if (o.mode.empty()) {
    return modes;
  }
  const auto other =
      std::remove_if(modes.begin(), modes.end(), [&](const Mode& mode) {
        return mode.name != o.mode;
      });
  modes.erase(other, modes.end());
  if (modes.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] {} has no [[mode]] named `{}`: `portproof tests {}` lists "
        "them",
        reference.path.string(),
        o.mode,
        o.model));
  }
  return modes;
}

int run_one(const Commands& commands, const TestsArguments& o, Port* record) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  const std::vector<Mode> modes = chosen_modes(reference, o);
  const std::vector<std::string> names = registered(project, o);
  std::map<std::string, std::string> variables;
  if (record != nullptr && o.environment != "usual") {
    variables = round_kind(reference, record->rounds.recording())
                    .environments.at(o.environment);
  }
  const auto since = fs::file_time_type::clock::now();
  std::optional<std::map<std::string, TestOutcome>> outcomes;
  if (o.run) {
    outcomes = run_tests(project, o, modes, variables);
  } else if (!o.junit.empty()) {
    outcomes = junit_outcomes(text_of(o.junit), o.junit);
  }
  std::vector<ModeState> states = check_modes(modes, names, outcomes);
  if (o.run) {
    for (ModeState& s : states) {
      if (s.wrong.empty() && !s.mode.generates.empty()) {
        s.wrong = generated_wrong(generated_folder() / s.mode.generates, since);
      }
    }
  }
  if (record != nullptr) {
    record->mode_runs.append(*record, o.environment, states);
  }
  int red = 0;
  Json json = Json::array();
  for (const ModeState& s : states) {
    red += s.wrong.empty() ? 0 : 1;
    if (o.json) {
      json.push_back(
          {{"mode", s.mode.name},
           {"kind",
            s.mode.kind == Mode::Kind::loading ? "loading" : "inference"},
           {"input", s.mode.input},
           {"tests", s.tests},
           {"passed", s.passed},
           {"failed", s.failed},
           {"skipped", s.skipped},
           {"wrong", s.wrong}});
      continue;
    }
    fmt::print(
        "{}  {:<26}{}{}\n",
        s.wrong.empty() ? "ok " : "RED",
        s.mode.name,
        s.wrong.empty() ? counts(s, outcomes.has_value()) : s.wrong,
        s.mode.input.empty() ? "" : "  (" + s.mode.input + ")");
  }
  if (o.json) {
    fmt::print("{}\n", json.dump(1));
  } else {
    fmt::print(
        "{} modes, {} red{}\n",
        states.size(),
        red,
        outcomes ? "" : "; --run runs their tests");
  }
  if (!o.skeleton.empty()) {
    if (fs::exists(o.skeleton)) {
      throw ConfigError(fmt::format(
          "[portproof] {} exists already: name a new file",
          o.skeleton));
    }
    if (const std::string text = test_skeleton(o.model, states);
        !text.empty()) {
      mlxaudio::write_file(o.skeleton, text);
      fmt::print(stderr, "wrote {}\n", o.skeleton);
    }
  }
  return red == 0 ? 0 : 1;
}

int run_command(const Commands& commands, const TestsArguments& o) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  const std::vector<std::string> asked = asked_for(project, reference);
  TestsArguments one = o;
  one.environment = o.environment.empty() ? "usual" : o.environment;
  const bool known =
      std::find(asked.begin(), asked.end(), one.environment) != asked.end();
  if (!o.environment.empty() && o.environment != "usual" && !known) {
    throw ConfigError(fmt::format(
        "[portproof] no open round asks for the modes in an environment `{}`: "
        "`portproof round {}` says which",
        o.environment,
        o.model));
  }
  const bool counts = !asked.empty() && (o.run || (!o.junit.empty() && known));
  if (!counts) {
    return run_one(commands, one, nullptr);
  }
  const fs::path build = build_folder(project, o.build);
  Port port(project, o.model, build);
  check_build(port, build);
  if (!o.junit.empty()) {
    check_report(o.junit, port.rounds.current());
    return run_one(commands, one, &port);
  }
  int worst = 0;
  for (const std::string& environment : asked) {
    if (!o.environment.empty() && environment != o.environment) {
      continue;
    }
    one.environment = environment;
    if (!o.json) {
      fmt::print("{}:\n", environment);
    }
    worst = std::max(worst, run_one(commands, one, &port));
  }
  return worst;
}

} // namespace

void add_tests(Commands& commands) {
  const auto o = std::make_shared<TestsArguments>();
  CLI::App& command = commands.add(
      "tests",
      "check that loading and each mode of inference has a test",
      [&commands, o] { return run_command(commands, *o); });
  add_model(command, o->model);
  command.add_option("--build", o->build, "build folder with the tests");
  command.add_option(
      "--list",
      o->list,
      "a list of tests from `ctest --show-only=json-v1`, not the build's");
  CLI::Option* const junit = command.add_option(
      "--junit",
      o->junit,
      "a report of a run in JUnit's XML: red unless they passed");
  command.add_option(
      "--environment",
      o->environment,
      "the round's environment that the report is of, or the only one to run "
      "in");
  CLI::Option* const run = command
                               .add_flag(
                                   "--run",
                                   o->run,
                                   "run them with ctest, red unless they pass")
                               ->excludes(junit);
  command.add_option("--mode", o->mode, "run the tests of this one alone")
      ->needs(run);
  command.add_option(
      "--skeleton",
      o->skeleton,
      "write a test for each mode that has none; it does not compile until "
      "filled in");
  command.add_flag("--json", o->json, "the modes as JSON");
}

} // namespace portproof
