// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "portproof/mutation_run.h"

namespace portproof {

/// What came of rewriting a port without changing what it computes.
struct BenignResult {
  std::vector<Mutant> green;
  struct Red {
    Mutant rewrite;
    std::string component, why;
  };
  std::vector<Red> red;
  /// Drawn, but it did not build: more of the language than the rewrite knows.
  std::vector<Mutant> invalid;
  /// Rewrites of comments and layout whose file's hash changed all the same.
  std::vector<Mutant> expired;
};

/// Draws rewrites until `count` of them build together, and verifies all that
/// rests on them in one program; if something is red there, it is found out
/// which rewrite does it.
BenignResult run_benign(
    MutationRun& run, const Port& port, std::uint64_t seed, int count);

} // namespace portproof
