// SPDX-License-Identifier: MIT
#include "portproof/probe_run.h"

#include <chrono>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/safetensors.h"
#include "mlxaudio/error.h"
#include "portproof/process.h"
#include "portproof/scratch_folder.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;

constexpr int kProtocol = 1;

/// How a grade is run. The exact one leaves nothing that depends on the
/// processor: no kernels of ours, MLX's own BLAS, one thread.
std::map<std::string, std::string> environment(const Question& question) {
  if (!question.environment.empty()) {
    auto asked = question.environment;
    asked.emplace("MLXAUDIO_KERNELS", "on");
    return asked;
  }
  if (question.grade == "exact") {
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

/// Adds the arrays of the golden that a value refers to.
void add_arrays(const Json& value, const Golden& golden, Arrays& into) {
  for (const std::string& name : array_names(value)) {
    if (const auto it = golden.arrays.find(name); it != golden.arrays.end()) {
      into.emplace(name, it->second);
    }
  }
}

/// Writes what a probe is to be given: the calls' arguments, never the results.
void write_request(const fs::path& folder, const Question& question) {
  Arrays arrays;
  Json list = Json::array();
  for (const Call* call : question.calls) {
    Json args = expand(call->args, arrays);
    add_arrays(args, question.golden, arrays);
    if (question.alter) {
      question.alter(args, arrays);
    }
    Json entry = {{"id", call->id}, {"args", args}};
    if (question.taps) {
      entry["taps"] = true;
    }
    if (const auto it = question.forced.find(call->id);
        it != question.forced.end()) {
      add_arrays(it->second, question.golden, arrays);
      entry["forced"] = it->second;
    }
    list.push_back(std::move(entry));
  }
  mlxaudio::write_safetensors(folder / "request.safetensors", arrays);
  Json request = {
      {"protocol", kProtocol},
      {"component", question.golden.component},
      {"grade", question.grade},
      {"calls", list}};
  if (question.repeats > 0) {
    request["repeats"] = question.repeats;
  }
  mlxaudio::write_file(folder / "request.json", request.dump(1));
}

} // namespace

Answers ask(const std::vector<std::string>& command, const Question& question) {
  Answers answers;
  const ScratchFolder scratch;
  write_request(scratch.path(), question);
  std::vector<std::string> argv = command;
  argv.insert(
      argv.end(),
      {"--run", question.golden.component, scratch.path().string()});
  const Finished finished = run(
      {argv, environment(question), std::chrono::seconds(question.time_limit)});
  answers.seconds = finished.seconds;
  answers.cpu_seconds = finished.cpu_seconds;
  answers.peak_kib = finished.peak_kib;
  const std::string said = last_line(finished.err);
  const std::string tail = said.empty() ? "" : ": " + said;
  if (finished.timed_out) {
    answers.trouble = fmt::format(
        "the probe did not end within {} s{}",
        question.time_limit,
        tail);
    return answers;
  }
  if (finished.code != 0) {
    answers.trouble =
        fmt::format("the probe ended with {}{}", describe(finished), tail);
    return answers;
  }
  try {
    const Json response = mlxaudio::read_json(scratch.path() / "response.json");
    if (fs::exists(scratch.path() / "response.safetensors")) {
      answers.arrays =
          mlxaudio::read_safetensors(scratch.path() / "response.safetensors")
              .tensors;
    }
    answers.calls = response.at("calls");
    if (answers.calls.size() != question.calls.size()) {
      answers.trouble = fmt::format(
          "the probe answered {} of {} calls",
          answers.calls.size(),
          question.calls.size());
      return answers;
    }
    for (std::size_t i = 0; i < question.calls.size(); ++i) {
      if (answers.calls.at(i).at("id") != question.calls[i]->id) {
        answers.trouble = fmt::format(
            "the probe left out the call {}",
            question.calls[i]->id);
        return answers;
      }
    }
  } catch (const Json::exception& e) {
    answers.trouble =
        fmt::format("the probe's answer is malformed: {}", e.what());
  } catch (const mlxaudio::Error& e) {
    answers.trouble =
        fmt::format("the probe's answer cannot be read: {}", e.what());
  }
  return answers;
}

ProbeProgram ProbeProgram::open(
    const std::vector<std::string>& command,
    const std::map<std::string, std::string>& variables) {
  const std::string& path = command.front();
  const bool named = path.find('/') != std::string::npos;
  if (named && !fs::exists(path)) {
    throw ConfigError(fmt::format(
        "[portproof] {} is not there: build it, or name the build folder "
        "with --build",
        path));
  }
  std::vector<std::string> argv = command;
  argv.emplace_back("--describe");
  const Finished finished = run({argv, variables, std::chrono::seconds(120)});
  if (finished.code != 0) {
    throw ConfigError(fmt::format(
        "[portproof] {} --describe: {}: {}",
        path,
        describe(finished),
        last_line(finished.err)));
  }
  try {
    const Json json = Json::parse(finished.out);
    if (json.at("protocol").get<int>() != kProtocol) {
      throw ConfigError(fmt::format(
          "[portproof] {} speaks protocol {}, this program {}",
          path,
          json.at("protocol").dump(),
          kProtocol));
    }
    return {
        command,
        json.at("components").get<std::vector<std::string>>(),
        Stamp::of(json.at("stamp")),
        json.value("about", Json::object()),
        json.value("features", std::set<std::string>{})};
  } catch (const Json::exception& e) {
    throw ConfigError(fmt::format(
        "[portproof] {} --describe is malformed: {}",
        path,
        e.what()));
  }
}

} // namespace portproof
