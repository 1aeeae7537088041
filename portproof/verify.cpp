// SPDX-License-Identifier: MIT
#include "portproof/verify.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/safetensors.h"
#include "mlxaudio/error.h"
#include "portproof/process.h"
#include "portproof/text.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;

constexpr int kProtocol = 1;

/// A folder of its own that goes when this goes.
class Scratch {
 public:
  Scratch() {
    std::string name =
        (fs::temp_directory_path() / "portproof-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw ConfigError(
          fmt::format("[portproof] cannot make a folder {}", name));
    }
    path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code none;
    fs::remove_all(path_, none);
  }
  const fs::path& path() const {
    return path_;
  }

 private:
  fs::path path_;
};

/// How a grade is run. The exact one leaves nothing that depends on the
/// processor: no kernels of ours, MLX's own BLAS, one thread.
std::map<std::string, std::string> environment(const std::string& grade) {
  if (grade == "exact") {
    return {
        {"MLXAUDIO_KERNELS", "off"},
        {"MLXAUDIO_BLAS", "reference"},
        {"OMP_NUM_THREADS", "1"},
        {"OPENBLAS_NUM_THREADS", "1"}};
  }
  return {{"MLXAUDIO_KERNELS", "on"}};
}

/// The last line that a program left on stderr, for a one-line message.
std::string last_line(const std::string& text) {
  std::string trimmed = text;
  while (!trimmed.empty() &&
         (trimmed.back() == '\n' || trimmed.back() == ' ')) {
    trimmed.pop_back();
  }
  std::string line = trimmed.substr(trimmed.rfind('\n') + 1);
  return line.size() > 200 ? line.substr(0, 197) + "..." : line;
}

/// Writes what a probe is to be given: the calls' arguments, never the results.
void write_request(
    const fs::path& folder,
    const Golden& golden,
    const std::string& grade,
    const std::vector<const Call*>& calls,
    const VerifyOptions& options) {
  Arrays arrays;
  Json list = Json::array();
  for (const Call* call : calls) {
    Json args = expand(call->args, arrays);
    for (const std::string& name : array_names(args)) {
      if (const auto it = golden.arrays.find(name); it != golden.arrays.end()) {
        arrays.emplace(name, it->second);
      }
    }
    if (options.alter) {
      options.alter(args, arrays);
    }
    list.push_back({{"id", call->id}, {"args", args}});
  }
  mlxaudio::write_safetensors(folder / "request.safetensors", arrays);
  const Json request = {
      {"protocol", kProtocol},
      {"component", golden.component},
      {"grade", grade},
      {"calls", list}};
  mlxaudio::write_file(folder / "request.json", request.dump(1));
}

/// Runs the probe once and compares all its answers.
/// \return why it could not be compared; empty: it was
std::string run_grade(
    const Port& port,
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
  const Scratch scratch;
  write_request(scratch.path(), golden, result.grade, calls, options);
  const int limit = options.time_limit.value_or(port.reference.time_limit);
  const Finished finished = run(
      {{options.program.string(),
        "--run",
        golden.component,
        scratch.path().string()},
       environment(result.grade),
       std::chrono::seconds(limit)});
  const std::string said = last_line(finished.err);
  const std::string tail = said.empty() ? "" : ": " + said;
  if (finished.timed_out) {
    return fmt::format("the probe did not end within {} s{}", limit, tail);
  }
  if (finished.code != 0) {
    return fmt::format("the probe ended with {}{}", describe(finished), tail);
  }
  Json response;
  Arrays got;
  try {
    response = mlxaudio::read_json(scratch.path() / "response.json");
    if (fs::exists(scratch.path() / "response.safetensors")) {
      got = mlxaudio::read_safetensors(scratch.path() / "response.safetensors")
                .tensors;
    }
    const Json& answers = response.at("calls");
    if (answers.size() != calls.size()) {
      return fmt::format(
          "the probe answered {} of {} calls",
          answers.size(),
          calls.size());
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const Json& answer = answers.at(i);
      if (answer.at("id") != calls[i]->id) {
        return fmt::format("the probe left out the call {}", calls[i]->id);
      }
      compare(
          calls[i]->result,
          golden.arrays,
          answer.at("result"),
          got,
          result.tolerance,
          calls[i]->id,
          result.comparison);
    }
  } catch (const Json::exception& e) {
    return fmt::format("the probe's answer is malformed: {}", e.what());
  } catch (const mlxaudio::Error& e) {
    return fmt::format("the probe's answer cannot be read: {}", e.what());
  }
  return {};
}

std::string now() {
  const std::time_t t = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&t, &utc);
  return fmt::format(
      "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
      utc.tm_year + 1900,
      utc.tm_mon + 1,
      utc.tm_mday,
      utc.tm_hour,
      utc.tm_min,
      utc.tm_sec);
}

/// The first file or probe that differs from what the program was built from.
std::string stale(
    const Port& port, const Component& c, const ProbeProgram& program) {
  for (const std::string& file : port.closure(c)) {
    const auto it = program.stamp.files.find(file);
    if (it == program.stamp.files.end() ||
        it->second != port.sources.find(file)->hash) {
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

bool required(const Port& port, const Component& c) {
  const Rule* stage = port.reference.stage(c.name);
  return stage != nullptr && stage->required;
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
  if (!fs::exists(golden_path(
          port.project.folder(port.reference.model) / "goldens",
          c.name))) {
    return "no recorded calls";
  }
  return {};
}

Json evidence_line(
    const Port& port,
    const Component& c,
    const Golden& golden,
    const ProbeProgram& program,
    const VerifyOptions& options,
    const Result& result,
    const std::string& sources) {
  Json grades = Json::object();
  for (const GradeResult& g : result.grades) {
    grades[g.grade] = {
        {"max_abs", g.comparison.worst.max_abs},
        {"rel_l2", g.comparison.worst.rel_l2},
        {"norm_ratio", g.comparison.worst.norm_ratio},
        {"may_rel_l2", g.tolerance.rel_l2},
        {"arrays", g.comparison.arrays},
        {"values", g.comparison.values}};
  }
  const auto probe = port.probes.find(c.name);
  return EvidenceFile::sealed(
      {{"time", now()},
       {"round", options.round},
       {"component", c.name},
       {"pass", result.state == Result::State::pass},
       {"calls", golden.calls.size()},
       {"grades", grades},
       {"why", result.why},
       {"about", program.about},
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
    std::vector<std::string> grades;
    if (golden->has_oracle("mlx")) {
      grades.push_back("exact");
    }
    grades.push_back("close");
    for (const std::string& grade : grades) {
      GradeResult g;
      g.grade = grade;
      // Without a tolerance of its own a component's numbers must be equal.
      g.tolerance =
          port.reference.tolerance(c.name, grade).value_or(Tolerance{});
      const std::string trouble = run_grade(port, options, *golden, g);
      r.grades.push_back(g);
      if (!trouble.empty()) {
        r.why = trouble;
        return r;
      }
      if (!g.comparison.pass()) {
        r.why = fmt::format(
            "{}: {}{}",
            grade,
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

} // namespace

ProbeProgram ProbeProgram::open(const fs::path& path) {
  if (!fs::exists(path)) {
    throw ConfigError(fmt::format(
        "[portproof] {} is not there: build it, or name the build folder "
        "with --build",
        path.string()));
  }
  const Finished finished =
      run({{path.string(), "--describe"}, {}, std::chrono::seconds(30)});
  if (finished.code != 0) {
    throw ConfigError(fmt::format(
        "[portproof] {} --describe: {}: {}",
        path.string(),
        describe(finished),
        last_line(finished.err)));
  }
  try {
    const Json json = Json::parse(finished.out);
    if (json.at("protocol").get<int>() != kProtocol) {
      throw ConfigError(fmt::format(
          "[portproof] {} speaks protocol {}, this program {}",
          path.string(),
          json.at("protocol").dump(),
          kProtocol));
    }
    return {
        path,
        json.at("components").get<std::vector<std::string>>(),
        Stamp::of(json.at("stamp")),
        json.value("about", Json::object())};
  } catch (const Json::exception& e) {
    throw ConfigError(fmt::format(
        "[portproof] {} --describe is malformed: {}",
        path.string(),
        e.what()));
  }
}

std::vector<Result> verify(Port& port, const VerifyOptions& options) {
  const ProbeProgram program = ProbeProgram::open(options.program);
  std::map<std::string, std::string> files;
  for (const auto& [path, file] : port.sources.files()) {
    files[path] = file.hash;
  }
  const Json sources = sources_line(files);
  std::vector<Result> results;
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
    const auto start = std::chrono::steady_clock::now();
    std::optional<Golden> golden;
    Result r = verify_one(port, c, program, options, golden);
    r.why = valid_utf8(r.why); // a program may say anything
    r.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    if (options.record && golden && r.state != Result::State::stale) {
      const Json line = evidence_line(
          port,
          c,
          *golden,
          program,
          options,
          r,
          sources.at("sha256").get<std::string>());
      const Evidence* last = port.evidence.last(c.name);
      // The same run said again would only make the file longer.
      const bool known =
          last != nullptr && last->pass && r.state == Result::State::pass &&
          last->round == options.round &&
          last->fingerprint == line.at("fingerprint").get<std::string>();
      if (!known) {
        port.evidence.append({sources, line});
      }
    }
    if (options.progress) {
      options.progress(r);
    }
    results.push_back(std::move(r));
  }
  return results;
}

} // namespace portproof
