// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "portproof/compare.h"
#include "portproof/port.h"
#include "portproof/verify.h"

namespace portproof {

/// One place in a whole run: what the reference computed there, and the port.
struct TapResult {
  std::string path;
  int call = 0;          ///< which call of that path, from 0
  std::string component; ///< as the reference names its class
  /// The component of the inventory that it belongs to: itself, or what it is
  /// a part of; empty if there is none.
  std::string owner;
  enum class Verdict {
    agrees,
    /// Differs, though what it was given agrees: the fault is here.
    cause,
    /// Was given something else even after all before it were put right: the
    /// fault is in the code around it.
    around,
    propagated, ///< differs only because of what it was given
    stops,      ///< the port gave up before it ended here
    absent,     ///< the port tells nothing of this place
  };
  Verdict verdict = Verdict::agrees;
  Distance free;                 ///< of the whole run's output here
  std::optional<Distance> alone; ///< of the output for the reference's inputs
  std::string why;               ///< the first difference, in words
};

/// What following one recorded run through the port gave.
struct Bisection {
  std::string component; ///< whose call was followed
  std::string call;
  std::vector<TapResult> taps; ///< in the order in which the calls ended
  bool result_agrees = false;  ///< of the whole run
  std::string result_why;
  std::string stopped; ///< why the port's own run came to no end
  /// Why the port could not be run with the reference's values in place; then
  /// causes are known only by what the free run shows.
  std::string not_forced;

  /// The first that is the cause of what follows, or null.
  const TapResult* first() const;
  bool all_agree() const;
};

struct BisectOptions {
  std::string component; ///< empty: each that has a run with taps
  std::string call;      ///< empty: each of its calls with taps
  std::vector<std::string> command;
  std::optional<int> time_limit; ///< \unit s
  /// What a place may differ by where reference.toml states no tolerance.
  Tolerance otherwise{1e-3, 1e-4, 1e-4, ""};
};

/// Runs the port as the reference was run and compares both along the way:
/// once freely, and once with the reference's own values put in after each
/// place, so that no difference travels on.
/// \throws ConfigError if no recorded run has taps, or the port gives none
std::vector<Bisection> bisect(const Port& port, const BisectOptions& options);

mlxaudio::Json to_json(const Bisection& b);
const char* name_of(TapResult::Verdict verdict);

} // namespace portproof
