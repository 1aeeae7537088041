// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/golden.h"
#include "portproof/port.h"
#include "portproof/probe_run.h"
#include "portproof/verify.h"

namespace portproof {

/// What the probe of one component is asked in one run.
struct GradeRun {
  const Golden& golden;
  std::vector<const Call*> calls;
  std::map<std::string, std::string> environment = {};
  int time_limit = 0; ///< \unit s
  std::function<void(mlxaudio::Json& args, Arrays& arrays)> alter = {};
  /// The tolerance of a single call, where it has one of its own.
  std::function<std::optional<Tolerance>(const std::string& call)> own = {};
};

/// Runs the probe once, compares all its answers and keeps their hashes.
/// \return why they could not be compared; empty: they were
std::string run_grade(
    const ProbeProgram& program, const GradeRun& asked, GradeResult& result);

/// The first difference that a run may not have, and how many more there are;
/// empty: none.
std::string difference(const GradeResult& result);

/// What a component must have to be run and has not; empty: nothing.
std::string lacks(
    const Port& port, const Component& c, const ProbeProgram& program);

/// The first of these files, or the component's probe, that differs from what
/// the program was built from; empty: none does.
std::string stale_of(
    const Port& port,
    const Component& c,
    const std::set<std::string>& files,
    const ProbeProgram& program);

/// Why calls cannot be compared that were recorded with another MLX; empty:
/// they were not.
std::string other_mlx(
    const Port& port, const Golden& golden, const ProbeProgram& program);

/// A line of evidence without its fingerprint.
mlxaudio::Json evidence_fields(
    const Port& port,
    const Component& c,
    const Golden& golden,
    const ProbeProgram& program,
    const Result& result);

/// Appends a line to the evidence, with the hashes of the sources as they are,
/// unless it says the same already.
void record(Port& port, mlxaudio::Json line);

} // namespace portproof
