// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "portproof/features.h"
#include "portproof/port.h"
#include "portproof/verify.h"

namespace portproof {

struct VariantOptions {
  std::string variant = "*";
  std::string component = "*";
  std::string stage = {}; ///< only components of this stage; empty: any
  std::vector<std::string> command = {}; ///< runs the program of probes
  bool record = true;                    ///< append to evidence.jsonl
  /// Rows that run at a time; with more than one nothing may be recorded.
  unsigned jobs = 1;
  std::optional<int> time_limit = {}; ///< \unit s
  /// What this machine has, besides what the program says of it.
  std::set<std::string> features = processor_features();
  /// Called after each row, by one thread at a time.
  std::function<void(const Result&)> progress = {};
};

/// Runs the covered calls of each variant in its environment and compares.
///
/// A row whose variant needs what this machine lacks is `away`, and its
/// evidence stays as it is. A row fails, too, where the bits of its answers are
/// not to those of an ordinary run as the variant says.
/// \param ordinary results of `verify`, whose answers need not be asked again
/// \throws ArgumentError if several jobs are to be recorded
std::vector<Result> verify_variants(
    Port& port,
    const VariantOptions& options,
    const std::vector<Result>& ordinary = {});

/// Where the ones that ran did so: the program's description of the machine
/// and the number of threads, as evidence of this variant has them.
mlxaudio::Json surroundings_of(
    const std::vector<std::string>& command, const Variant& variant);

} // namespace portproof
