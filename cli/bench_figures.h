// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/task_times.h"
#include "engine/phases.h"
#include "kernels/roofline.h"

namespace mlxaudio::cli {

/// One transcription by a model that is loaded.
struct SessionRun {
  double seconds = 0;
  double first_segment = 0; ///< after its begin \unit s
  double duration = 0;      ///< of the audio \unit s
  int tokens = 0;           ///< of all segments, timestamps too
  std::string text;
};

struct Spread {
  double min = 0;
  double median = 0;
  double max = 0;
};

/// \param values at least one
Spread spread_of(std::vector<double> values);

/// What a machine does at best.
struct Roofline {
  std::vector<kernels::ProductRate> products;
  double bandwidth = 0; ///< bytes \unit 1/s

  /// The rate for a type; 0 if it was not measured.
  double rate_of(const std::string& type) const;
};

/// How near a phase comes to what the machine does at best; 0 where the phase
/// has no such need.
struct Shares {
  double products = 0;  ///< of the rate of products
  double bandwidth = 0; ///< of that of memory
};

/// \param type that the phase's products are computed in
Shares shares_of(
    const engine::Phase& phase,
    const Roofline& roofline,
    const std::string& type);

/// The table of a profile. \param seconds that all of the work took
std::string profile_table(const std::vector<OpTime>& ops, double seconds);

} // namespace mlxaudio::cli
