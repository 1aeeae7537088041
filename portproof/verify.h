// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "portproof/compare.h"
#include "portproof/port.h"
#include "portproof/stamp.h"

namespace portproof {

/// A program of probes, as it describes itself.
struct ProbeProgram {
  std::filesystem::path path;
  std::vector<std::string> components;
  Stamp stamp;
  mlxaudio::Json about; ///< "mlx", "device", ... as it likes

  /// Asks the program. \throws ConfigError
  static ProbeProgram open(const std::filesystem::path& path);
};

/// One grade of a component: how it was run and what came of it.
struct GradeResult {
  std::string grade; ///< "exact" or "close"
  Tolerance tolerance;
  Comparison comparison;
  int calls = 0;
};

/// What verifying one component gave.
struct Result {
  std::string component;
  enum class State {
    pass,
    fail,    ///< it differs, crashed, hung, or printed garbage
    stale,   ///< the program was built from other sources
    missing, ///< no tag, no probe or no recorded calls
  };
  State state = State::missing;
  std::string why;
  std::vector<GradeResult> grades;
  double seconds = 0;
};

struct VerifyOptions {
  std::string component = "*";
  std::string stage; ///< only components of this stage; empty: any
  std::filesystem::path program;
  bool record = true; ///< append to evidence.jsonl
  int round = 1;
  std::optional<int> time_limit; ///< \unit s
  /// Changes what the probe is given for each call, to see whether that shows.
  std::function<void(mlxaudio::Json& args, Arrays& arrays)> alter;
  /// Called after each component.
  std::function<void(const Result&)> progress;
};

/// Runs the probes of the components that match and compares.
///
/// A component of a stage with `required = true` that lacks a tag, a probe or
/// recorded calls is `missing`; of other stages only what has all three runs.
std::vector<Result> verify(Port& port, const VerifyOptions& options);

} // namespace portproof
