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

  /// `/tmp/portproof/<model>` unless told.
  static Workplace of(const std::string& model, const std::string& told);

  /// The interpreter that `fetch` made or was given.
  /// \throws ConfigError if nothing was fetched
  std::string python() const;
  bool fetched() const;
};

/// The folder with the recorder's scripts: `$PORTPROOF_RECORDER`, beside the
/// installed program, or in the source tree that it was built from.
std::filesystem::path recorder_folder();

/// Runs a script of the recorder and shows what it says.
/// \throws ConfigError if it fails
void run_recorder(
    const std::string& python,
    const std::string& script,
    const std::vector<std::string>& arguments);

} // namespace portproof
