// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "portproof/compare.h"
#include "portproof/port.h"
#include "portproof/probe_run.h"

namespace portproof {

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
  /// How to run it where that takes more than its path; else empty.
  std::vector<std::string> command = {};
  bool record = true; ///< append to evidence.jsonl
  int round = 1;
  std::optional<int> time_limit; ///< \unit s
  /// Called after each component.
  std::function<void(const Result&)> progress;
};

/// The first file or probe of a component that differs from what the program
/// was built from; empty: none does.
std::string stale(
    const Port& port, const Component& c, const ProbeProgram& program);

/// Runs the probes of the components that match and compares.
///
/// A component of a stage with `required = true` that lacks a tag, a probe or
/// recorded calls is `missing`; of other stages only what has all three runs.
std::vector<Result> verify(Port& port, const VerifyOptions& options);

} // namespace portproof
