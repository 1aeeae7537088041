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

/// Runs the probe once and compares all its answers.
/// \return why it could not be compared; empty: it was
std::string run_grade(
    const Port& port,
    const ProbeProgram& program,
    const VerifyOptions& options,
    const Golden& golden,
    GradeResult& result) {
  std::vector<const Call*> calls;
  for (const Call& call : golden.calls) {
    if (result.grade != "exact" || call.oracle == "mlx") {
      calls.push_back(&call);
    }
  }
  result.calls = static_cast<int>(calls.size());
  const Answers answers =
      ask(program.command,
          {golden,
           calls,
           result.grade,
           false,
           {},
           options.time_limit.value_or(port.reference.time_limit),
           variables(port, result),
           options.alter});
  result.seconds = answers.seconds;
  result.cpu_seconds = answers.cpu_seconds;
  result.peak_mib = static_cast<double>(answers.peak_kib) / 1024;
  if (!answers.trouble.empty()) {
    return answers.trouble;
  }
  try {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const std::string& id = calls[i]->id;
      const auto own =
          port.reference.call_tolerance(golden.component, result.grade, id);
      const Distance before = result.comparison.worst;
      compare(
          calls[i]->result,
          golden.arrays,
          answers.calls.at(i).at("result"),
          answers.arrays,
          own.value_or(result.tolerance),
          id,
          result.comparison);
      if (own) {
        Comparison alone;
        compare(
            calls[i]->result,
            golden.arrays,
            answers.calls.at(i).at("result"),
            answers.arrays,
            *own,
            id,
            alone);
        result.comparison.worst = before;
        result.apart[id] = {*own, alone.worst};
      }
    }
  } catch (const Json::exception& e) {
    return fmt::format("the probe's answer is malformed: {}", e.what());
  } catch (const mlxaudio::Error& e) {
    return fmt::format("the probe's answer cannot be read: {}", e.what());
  }
  return {};
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

std::string lacks(
    const Port& port, const Component& c, const ProbeProgram& program) {
  if (!port.tagged(c)) {
    return "no definition carries its tag";
  }
  if (std::find(program.components.begin(), program.components.end(), c.name) ==
      program.components.end()) {
    return port.probes.contains(c.name)
               ? "the program lacks its probe: build it again"
               : "no probe";
  }
  if (!fs::exists(
          golden_path(golden_folder(port.project, port.reference), c.name))) {
    return "no recorded calls";
  }
  return missing_inputs(port, c);
}

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

Json evidence_line(
    const Port& port,
    const Component& c,
    const Golden& golden,
    const ProbeProgram& program,
    const Result& result,
    const std::string& sources) {
  Json grades = Json::object();
  Json cost = Json::object();
  for (const GradeResult& g : result.grades) {
    grades[g.label()] = figures_of(g);
    cost[g.label()] = {
        {"seconds", rounded(g.seconds, 1000)},
        {"cpu_seconds", rounded(g.cpu_seconds, 1000)},
        {"peak_mib", rounded(g.peak_mib, 1)}};
  }
  const auto probe = port.probes.find(c.name);
  return EvidenceFile::sealed(
      {{"time", utc_now()},
       {"round", port.rounds.recording()},
       {"component", c.name},
       {"pass", result.state == Result::State::pass},
       {"calls", golden.calls.size()},
       {"grades", grades},
       {"cost", cost},
       {"why", result.why},
       {"about", surroundings(program)},
       {"reference", c.sha256.substr(0, 16)},
       {"golden", golden.sha256.substr(0, 16)},
       {"probe",
        probe == port.probes.end() ? "" : probe->second.hash.substr(0, 16)},
       {"sources", sources},
       {"fingerprint", port.fingerprint(c, golden)}});
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
    if (golden->mlx != port.reference.mlx) {
      r.why = fmt::format(
          "recorded with MLX {}, reference.toml pins {}: record it anew",
          golden->mlx,
          port.reference.mlx);
      return r;
    }
    if (const std::string mlx = program.about.value("mlx", golden->mlx);
        golden->has_oracle("mlx") && mlx != golden->mlx) {
      r.why = fmt::format(
          "the program runs MLX {}, the calls were recorded with {}",
          mlx,
          golden->mlx);
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
      const std::string trouble = run_grade(port, program, options, *golden, g);
      r.grades.push_back(g);
      if (!trouble.empty()) {
        r.why = trouble;
        return r;
      }
      if (!g.comparison.pass()) {
        r.why = fmt::format(
            "{}: {}{}",
            g.label(),
            g.comparison.failures.front(),
            g.comparison.failures.size() > 1
                ? fmt::format(
                      " (and {} more)",
                      g.comparison.failures.size() - 1)
                : "");
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

/// Appends to the evidence, unless it says that already.
void record(Port& port, const Json& sources, const Json& line) {
  const Evidence* last =
      port.evidence.last(line.at("component").get<std::string>());
  // The same run said again would only make the file longer. (A line from
  // before costs were kept says less.)
  const bool known =
      last != nullptr && last->pass && last->line.contains("cost") &&
      line.at("pass").get<bool>() && last->round == port.rounds.recording() &&
      last->fingerprint == line.at("fingerprint").get<std::string>();
  if (!known) {
    port.evidence.append({sources, line});
  }
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

std::string GradeResult::label() const {
  return environment.empty() ? grade
                             : fmt::format("{} ({})", grade, environment);
}

Json figures_of(const GradeResult& grade) {
  Json out = {
      {"max_abs", grade.comparison.worst.max_abs},
      {"rel_l2", grade.comparison.worst.rel_l2},
      {"norm_ratio", grade.comparison.worst.norm_ratio},
      {"may_rel_l2", grade.tolerance.rel_l2},
      {"arrays", grade.comparison.arrays},
      {"values", grade.comparison.values}};
  for (const auto& [call, apart] : grade.apart) {
    out["calls"][call] = {
        {"max_abs", apart.worst.max_abs},
        {"rel_l2", apart.worst.rel_l2},
        {"norm_ratio", apart.worst.norm_ratio},
        {"may_rel_l2", apart.tolerance.rel_l2}};
  }
  return out;
}

Json surroundings(const ProbeProgram& program) {
  Json out = program.about;
  const char* told = std::getenv("OMP_NUM_THREADS");
  out["threads"] = told != nullptr
                       ? std::string(told)
                       : fmt::format("{}", std::thread::hardware_concurrency());
  return out;
}

std::string stale(
    const Port& port, const Component& c, const ProbeProgram& program) {
  for (const std::string& file : port.closure(c)) {
    if (!program.stamp.holds(file, port.sources.find(file)->hash)) {
      return file;
    }
  }
  const auto built = program.stamp.probes.find(c.name);
  const auto source = port.probes.find(c.name);
  if (source != port.probes.end() && (built == program.stamp.probes.end() ||
                                      built->second != source->second.hash)) {
    return source->second.file;
  }
  return {};
}

std::vector<Result> verify(Port& port, const VerifyOptions& options) {
  if (options.record && (options.jobs != 1 || !options.environments)) {
    throw mlxaudio::ArgumentError(
        "[portproof] evidence is of whole runs, one at a time: give jobs = 1 "
        "and all environments, or do not record");
  }
  const ProbeProgram program = ProbeProgram::open(options.command);
  std::map<std::string, std::string> files;
  for (const auto& [path, file] : port.sources.files()) {
    files[path] = file.hash;
  }
  const Json sources = sources_line(files);
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
      record(
          port,
          sources,
          evidence_line(
              port,
              *chosen[i],
              *golden,
              program,
              r,
              sources.at("sha256").get<std::string>()));
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
