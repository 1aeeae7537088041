// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace portproof {

struct Command {
  std::vector<std::string> argv;
  std::map<std::string, std::string> env = {}; ///< set beside what is inherited
  /// Killed, with what it started, after this long; empty: never.
  std::optional<std::chrono::milliseconds> time_limit = {};
  /// Whether its output goes to ours; else it is captured.
  bool show = false;
};

struct Finished {
  int code = 0; ///< exit code, or -1 when a signal ended it
  int signal = 0;
  bool timed_out = false;
  std::string out;        ///< stdout
  std::string err;        ///< stderr, its last 64 KiB
  double seconds = 0;     ///< from start to end
  double cpu_seconds = 0; ///< of all its threads
  /// Most memory that it held, \unit KiB. The system counts what this program
  /// held when it started the other; below that it is what was seen while it
  /// ran, which may miss its last moments.
  long peak_kib = 0;
};

/// Runs a program and waits for it.
/// \throws ConfigError if it cannot be started
Finished run(const Command& command);

/// "exit code 3", "killed by signal 11 (Segmentation fault)", ...
std::string describe(const Finished& finished);

} // namespace portproof
