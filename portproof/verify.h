// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <map>
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
  /// Surroundings that the round asks for besides, or a variant; empty: the
  /// usual ones.
  std::string environment = {};
  Tolerance tolerance;
  Comparison comparison;
  /// Of the calls that have a tolerance of their own, which `comparison.worst`
  /// leaves out.
  struct Apart {
    Tolerance tolerance;
    Distance worst;
  };
  std::map<std::string, Apart> apart = {};
  /// Hash of what was answered to each call, bit for bit.
  std::map<std::string, std::string> answers = {};
  int calls = 0;
  /// Of a variant: calls whose answer has other bits than in the ordinary run.
  std::optional<int> differing = {};
  double seconds = 0, cpu_seconds = 0; ///< of the probe
  double peak_mib = 0;                 ///< most memory that it held

  /// "close", or "close (one thread)".
  std::string label() const;
};

/// What verifying one component gave.
struct Result {
  std::string component;
  std::string variant = {}; ///< empty: the ordinary run
  enum class State {
    pass,
    fail,    ///< it differs, crashed, hung, or printed garbage
    stale,   ///< the program was built from other sources
    missing, ///< no tag, no probe or no recorded calls
    away,    ///< this machine lacks what the variant needs: it was not run
  };
  State state = State::missing;
  std::string why;
  std::vector<GradeResult> grades;
  double seconds = 0;
};

struct VerifyOptions {
  std::string component = "*";
  std::string stage = {}; ///< only components of this stage; empty: any
  std::vector<std::string> command = {}; ///< runs the program of probes
  bool record = true;                    ///< append to evidence.jsonl
  /// Whether the calls run in the round's other environments too.
  bool environments = true;
  /// Components that run at a time. With more than one their times are no
  /// measurements, so nothing may be recorded.
  unsigned jobs = 1;
  std::optional<int> time_limit = {}; ///< \unit s
  /// Changes what the probe is given for each call, to see whether that shows.
  std::function<void(mlxaudio::Json& args, Arrays& arrays)> alter = {};
  /// Called after each component, by one thread at a time.
  std::function<void(const Result&)> progress = {};
};

/// The figures of a grade as evidence keeps them.
mlxaudio::Json figures_of(const GradeResult& grade);

/// What a round lacks that asks for other inputs than those of round 1; empty:
/// nothing.
std::string missing_inputs(const Port& port, const Component& component);

/// The surroundings on which the last digits of a result may depend: the
/// program's own description and the number of threads.
/// \param variables that it was run under besides
mlxaudio::Json surroundings(
    const ProbeProgram& program,
    const std::map<std::string, std::string>& variables = {});

/// The first file or probe of a component that differs from what the program
/// was built from; empty: none does.
std::string stale(
    const Port& port, const Component& c, const ProbeProgram& program);

/// Runs the probes of the components that match and compares; evidence is of
/// the current round.
///
/// A component of a stage with `required = true` that lacks a tag, a probe or
/// recorded calls is `missing`; of other stages only what has all three runs.
/// \throws ArgumentError if several jobs are to be recorded
std::vector<Result> verify(Port& port, const VerifyOptions& options);

} // namespace portproof
