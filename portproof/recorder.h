// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "portproof/reference.h"

namespace portproof {

/// Where `fetch` puts a model's references and their environment.
struct Workplace {
  std::filesystem::path folder;

  /// As told, else `$PORTPROOF_DIR/<model>`, else `/tmp/portproof/<model>`.
  static Workplace of(const std::string& model, const std::string& told);

  /// The interpreter that `fetch` made or was given.
  /// \throws ConfigError if nothing was fetched
  std::string python() const;
  bool fetched() const;
};

/// Where the port's sources start from: the project, or the reference that is
/// the port.
std::filesystem::path port_root(
    const Project& project, const Reference& reference);

/// Where the recorded calls of a model are.
std::filesystem::path golden_folder(
    const Project& project, const Reference& reference);

/// The words of `[port] command` or `build`, with `{root}` (the project),
/// `{model}` (its folder), `{build}`, `{recorder}`, `{work}` (the references)
/// and `{python}` (their interpreter) filled in.
std::vector<std::string> filled_command(
    const Project& project,
    const Reference& reference,
    const std::vector<std::string>& words,
    const std::filesystem::path& build);

/// How the probes of a model are run: the program told, else `[port] command`,
/// else `executable` in the build folder.
std::vector<std::string> probe_command(
    const Project& project,
    const Reference& reference,
    const std::filesystem::path& build,
    const std::string& told);

/// The folder with the recorder's scripts: `$PORTPROOF_RECORDER`, beside the
/// installed program, or in the source tree that it was built from.
std::filesystem::path recorder_folder();

/// Runs a script of the recorder and shows what it says.
/// \throws ConfigError if it fails
void run_recorder(
    const std::string& python,
    const std::string& script,
    const std::vector<std::string>& arguments);

/// Runs a script of the recorder that lists something of the references.
/// \param name of the list, left in the workplace: `name.py` writes `name.json`
/// \throws ConfigError if it fails
mlxaudio::Json listed_by_recorder(
    const Reference& reference, const Workplace& work, const std::string& name);

} // namespace portproof
