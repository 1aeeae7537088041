// SPDX-License-Identifier: MIT
#include "portproof/recorder.h"

#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "core/json.h"
#include "mlxaudio/error.h"
#include "portproof/process.h"

namespace portproof {

using mlxaudio::ConfigError;

Workplace Workplace::of(const std::string& model, const std::string& told) {
  if (!told.empty()) {
    return {std::filesystem::absolute(told)};
  }
  const char* all = std::getenv("PORTPROOF_DIR");
  const std::filesystem::path base =
      all == nullptr ? "/tmp/portproof" : std::filesystem::absolute(all);
  return {base / model};
}

bool Workplace::fetched() const {
  return std::filesystem::exists(folder / "fetch.json");
}

std::string Workplace::python() const {
  if (!fetched()) {
    throw ConfigError(fmt::format(
        "[portproof] {} holds no references: run `portproof fetch`",
        folder.string()));
  }
  const auto state = mlxaudio::read_json(folder / "fetch.json");
  const auto python = state.find("python");
  if (python == state.end() || !python->is_string()) {
    throw ConfigError(fmt::format(
        "[portproof] {} has no environment: run `portproof fetch` without "
        "--no-env",
        folder.string()));
  }
  return python->get<std::string>();
}

std::filesystem::path port_root(
    const Project& project, const Reference& reference) {
  const Package* from = reference.find(reference.adapter.from);
  if (from == nullptr) {
    return project.root;
  }
  const auto work = Workplace::of(reference.model, "").folder;
  const auto root = work / "src" / from->key / from->root;
  if (!std::filesystem::is_directory(root)) {
    throw ConfigError(fmt::format(
        "[portproof] {} is not there, and the port is in it: run `portproof "
        "fetch {}`",
        root.string(),
        reference.model));
  }
  return root.lexically_normal();
}

std::filesystem::path golden_folder(
    const Project& project, const Reference& reference) {
  return reference.calls_in_workplace
             ? Workplace::of(reference.model, "").folder / "recorded"
             : project.folder(reference.model) / "goldens";
}

std::vector<std::string> filled_command(
    const Project& project,
    const Reference& reference,
    const std::vector<std::string>& words,
    const std::filesystem::path& build) {
  const Workplace work = Workplace::of(reference.model, "");
  std::map<std::string, std::string> values = {
      {"root", project.root.string()},
      {"model", project.folder(reference.model).string()},
      {"build", build.string()},
      {"recorder", recorder_folder().string()},
      {"work", work.folder.string()}};
  for (const std::string& word : words) {
    if (word.find("{python}") != std::string::npos) {
      values["python"] = work.python();
    }
  }
  return filled(words, values);
}

std::vector<std::string> probe_command(
    const Project& project,
    const Reference& reference,
    const std::filesystem::path& build,
    const std::string& told) {
  if (!told.empty()) {
    return {told};
  }
  return reference.adapter.command.empty()
             ? std::vector<std::string>{(build / reference.executable).string()}
             : filled_command(
                   project,
                   reference,
                   reference.adapter.command,
                   build);
}

std::filesystem::path recorder_folder() {
  if (const char* told = std::getenv("PORTPROOF_RECORDER")) {
    return told;
  }
  std::error_code none;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", none);
  const auto installed =
      self.parent_path().parent_path() / "share" / "portproof" / "recorder";
  return std::filesystem::exists(installed)
             ? installed
             : std::filesystem::path(PORTPROOF_SOURCE_DIR) / "recorder";
}

void run_recorder(
    const std::string& python,
    const std::string& script,
    const std::vector<std::string>& arguments) {
  const auto path = recorder_folder() / script;
  if (!std::filesystem::exists(path)) {
    throw ConfigError(fmt::format(
        "[portproof] the recorder is not in {}: install it beside the "
        "program or set PORTPROOF_RECORDER",
        path.parent_path().string()));
  }
  Command command{{python, "-B", path.string()}, {}, {}, true};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  const Finished finished = run(command);
  if (finished.code != 0) {
    throw ConfigError(fmt::format(
        "[portproof] {} failed ({}): see above",
        script,
        describe(finished)));
  }
}

mlxaudio::Json listed_by_recorder(
    const Reference& reference,
    const Workplace& work,
    const std::string& name) {
  const std::filesystem::path out = work.folder / (name + ".json");
  run_recorder(
      work.python(),
      name + ".py",
      {"--reference",
       reference.path.string(),
       "--work",
       work.folder.string(),
       "--out",
       out.string()});
  return mlxaudio::read_json(out);
}

} // namespace portproof
