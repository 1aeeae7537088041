// SPDX-License-Identifier: MIT
#include "portproof/verify_parts.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/recorder.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using mlxaudio::Tensor;

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

/// The value with what its arrays hold in place of their names, which depend
/// on the calls that were answered before.
Json with_contents(const Json& value, const Arrays& arrays) {
  if (value.is_object() && value.size() == 1 && value.contains("$array")) {
    const auto it = arrays.find(value.at("$array").get<std::string>());
    if (it == arrays.end()) {
      return value;
    }
    const Tensor& t = it->second;
    mlxaudio::Sha256 hash;
    hash.update(t.bytes);
    return {
        {"$array",
         {mlxaudio::name_of(t.dtype), Json(t.shape), Json(hash.hex())}}};
  }
  Json out = value;
  if (value.is_object() || value.is_array()) {
    for (auto& [key, inner] : out.items()) {
      inner = with_contents(inner, arrays);
    }
  }
  return out;
}

Json hashes_of_sources(const Port& port) {
  std::map<std::string, std::string> files;
  for (const auto& [path, file] : port.sources.files()) {
    files[path] = file.hash;
  }
  return sources_line(files);
}

} // namespace

std::string run_grade(
    const ProbeProgram& program, const GradeRun& asked, GradeResult& result) {
  const Golden& golden = asked.golden;
  result.calls = static_cast<int>(asked.calls.size());
  const Answers answers =
      ask(program.command,
          {golden,
           asked.calls,
           result.grade,
           false,
           {},
           asked.time_limit,
           asked.environment,
           asked.alter});
  result.seconds = answers.seconds;
  result.cpu_seconds = answers.cpu_seconds;
  result.peak_mib = static_cast<double>(answers.peak_kib) / 1024;
  if (!answers.trouble.empty()) {
    return answers.trouble;
  }
  try {
    for (std::size_t i = 0; i < asked.calls.size(); ++i) {
      const Call& call = *asked.calls[i];
      const Json& got = answers.calls.at(i).at("result");
      const auto own = asked.own ? asked.own(call.id) : std::nullopt;
      const Distance before = result.comparison.worst;
      compare(
          call.result,
          golden.arrays,
          got,
          answers.arrays,
          own.value_or(result.tolerance),
          call.id,
          result.comparison);
      if (own) {
        Comparison alone;
        compare(
            call.result,
            golden.arrays,
            got,
            answers.arrays,
            *own,
            call.id,
            alone);
        result.comparison.worst = before;
        result.apart[call.id] = {*own, alone.worst};
      }
      result.answers[call.id] =
          mlxaudio::sha256(with_contents(got, answers.arrays).dump());
    }
  } catch (const Json::exception& e) {
    return fmt::format("the probe's answer is malformed: {}", e.what());
  } catch (const mlxaudio::Error& e) {
    return fmt::format("the probe's answer cannot be read: {}", e.what());
  }
  return {};
}

std::string difference(const GradeResult& result) {
  if (result.comparison.pass()) {
    return {};
  }
  const auto& failures = result.comparison.failures;
  return fmt::format(
      "{}: {}{}",
      result.label(),
      failures.front(),
      failures.size() > 1 ? fmt::format(" (and {} more)", failures.size() - 1)
                          : "");
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
  if (!std::filesystem::exists(
          golden_path(golden_folder(port.project, port.reference), c.name))) {
    return "no recorded calls";
  }
  return missing_inputs(port, c);
}

std::string stale_of(
    const Port& port,
    const Component& c,
    const std::set<std::string>& files,
    const ProbeProgram& program) {
  for (const std::string& file : files) {
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

std::string other_mlx(
    const Port& port, const Golden& golden, const ProbeProgram& program) {
  if (golden.mlx != port.reference.mlx) {
    return fmt::format(
        "recorded with MLX {}, reference.toml pins {}: record it anew",
        golden.mlx,
        port.reference.mlx);
  }
  const std::string mlx = program.about.value("mlx", golden.mlx);
  return golden.has_oracle("mlx") && mlx != golden.mlx
             ? fmt::format(
                   "the program runs MLX {}, the calls were recorded with {}",
                   mlx,
                   golden.mlx)
             : std::string();
}

Json evidence_fields(
    const Port& port,
    const Component& c,
    const Golden& golden,
    const ProbeProgram& program,
    const Result& result) {
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
  return {
      {"time", utc_now()},
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
       probe == port.probes.end() ? "" : probe->second.hash.substr(0, 16)}};
}

void record(Port& port, Json line) {
  const auto component = line.at("component").get<std::string>();
  const Evidence* last =
      port.evidence.last_of_variant(component, line.value("variant", ""));
  // The same run said again would only make the file longer. (A line from
  // before costs were kept says less.)
  const bool known =
      last != nullptr && last->pass && last->line.contains("cost") &&
      line.at("pass").get<bool>() && last->round == port.rounds.recording() &&
      last->fingerprint == line.at("fingerprint").get<std::string>();
  if (known) {
    return;
  }
  const Json sources = hashes_of_sources(port);
  line["sources"] = sources.at("sha256");
  port.evidence.append({sources, EvidenceFile::sealed(std::move(line))});
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
  if (grade.differing) {
    out["differing"] = *grade.differing;
  }
  return out;
}

Json surroundings(
    const ProbeProgram& program,
    const std::map<std::string, std::string>& variables) {
  Json out = program.about;
  const auto asked = variables.find("OMP_NUM_THREADS");
  const char* told = std::getenv("OMP_NUM_THREADS");
  out["threads"] = asked != variables.end() ? asked->second
                   : told != nullptr
                       ? std::string(told)
                       : fmt::format("{}", std::thread::hardware_concurrency());
  return out;
}

std::string stale(
    const Port& port, const Component& c, const ProbeProgram& program) {
  return stale_of(port, c, port.closure(c), program);
}

std::string GradeResult::label() const {
  return environment.empty() ? grade
                             : fmt::format("{} ({})", grade, environment);
}

} // namespace portproof
