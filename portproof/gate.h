// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/features.h"
#include "portproof/progress.h"

namespace portproof {

/// One thing that a port must have to pass.
struct Check {
  std::string model; ///< empty: of the whole project
  std::string name;
  bool ok = false;
  bool run = true;  ///< false: nothing of it could be run on this machine
  std::string text; ///< what was found, on one line
  std::vector<std::string> details; ///< what is red

  mlxaudio::Json json() const;
};

struct GateOptions {
  std::vector<std::string> command; ///< runs the program of probes
  /// Whether the calls run again in the last round's other environments too.
  /// Without, what they gave is in the evidence, and holds as long as it does.
  bool environments = false;
  /// What this machine has, besides what the program says of it.
  std::set<std::string> features = processor_features();
  /// Called before the slow part.
  std::function<void(const std::string&)> progress = {};
};

/// Makes all checks of one model: its records, its inventory in both
/// directions, what is ported, waived, verified and signed, and its rounds.
///
/// Every recorded call is run again, and those that variants cover in each of
/// them; evidence alone does not count. Where the surroundings are those of the
/// evidence, the figures must be the same. A variant that needs what this
/// machine lacks is not run: its check says so and is red unless all its
/// evidence holds, or it `waits`.
std::vector<Check> gate_checks(
    Port& port,
    const std::vector<const Inventory*>& others,
    const GateOptions& options);

/// Whether the committed progress document is what all this gives.
Check document_check(const Project& project, const Progress& progress);

} // namespace portproof
