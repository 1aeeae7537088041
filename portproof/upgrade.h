// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/json.h"

namespace portproof {

/// One component that two versions of a reference do not have in common.
struct VersionChange {
  enum class Kind {
    added,
    removed,
    code,  ///< what it does may differ
    text,  ///< only docstrings or layout do
    moved, ///< the same under another name
  };
  Kind kind = Kind::code;
  std::string name;
  /// What changed in it, a line each: signature, options, constants, fields.
  std::vector<std::string> details;
};

/// What a new version of a reference asks of its port.
struct Upgrade {
  std::string package, from, to;
  std::vector<VersionChange>
      changes; ///< in the order of the new version's source
  std::vector<std::string> files_added, files_removed; ///< of Python source
  /// Other files of the package that came, went or differ.
  std::vector<std::string> data_changed;
  int same = 0; ///< components that are equal in both
};

/// Compares what the recorder lists of two versions.
/// \param listed what recorder/upgrade.py wrote
/// \throws ConfigError if it is malformed
Upgrade compare_versions(const mlxaudio::Json& listed);

const char* name_of(VersionChange::Kind kind);
mlxaudio::Json to_json(const Upgrade& upgrade);

} // namespace portproof
