// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/record_log.h"

namespace portproof {

struct Mode;
struct ModeState;
class Port;

/// One run of the tests of a mode, as it was recorded.
struct ModeRun {
  int round = 0;
  std::string mode;
  std::string environment; ///< its name in the round; "usual": none
  bool pass = false;
  std::string fingerprint;
};

/// `modes.jsonl`: what the tests of each mode gave in the rounds that ask for
/// them. Lines are added at the end and never changed.
class ModeRuns {
 public:
  explicit ModeRuns(std::filesystem::path path);

  /// The last run of a mode in a round and an environment, or null.
  const ModeRun* last(
      const std::string& mode, int round, const std::string& environment) const;
  const std::vector<std::string>& damage() const {
    return log_.damage();
  }

  /// Adds a line for each mode. \throws OutputError
  void append(
      const Port& port,
      const std::string& environment,
      const std::vector<ModeState>& states);

 private:
  void index();

  RecordLog log_;
  std::vector<ModeRun> runs_;
};

/// What passing tests of a mode rest on: the names of the tests, the input, the
/// environment, and all files that the model's components rest on.
std::string mode_fingerprint(
    const Port& port, const Mode& mode, const std::string& environment);

/// What the current round's modes lack, a line each; empty: nothing, or it asks
/// for none. \throws ConfigError if reference.toml describes no modes
/// \param fresh whether tests that passed before the code changed count for
/// nothing, as they do until the round is closed
std::vector<std::string> modes_left(const Port& port, bool fresh = true);

} // namespace portproof
