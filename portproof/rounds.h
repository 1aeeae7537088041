// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/record_log.h"
#include "portproof/reference.h"

namespace portproof {

/// What one round of verification asks for besides the recorded calls.
struct RoundKind {
  int number = 1;
  std::string title;
  /// Whether calls with other random inputs than those of round 1 are asked
  /// for.
  bool fresh = false;
  /// Patterns of components that keep their inputs, each with the reason.
  std::map<std::string, std::string> same_inputs = {};
  /// Further files of calls, which `trace` records for this round only, with
  /// patterns of the components that each must have calls of.
  std::map<std::string, std::vector<std::string>> calls = {};
  /// Surroundings, by name, in which the probes must pass once more; each is a
  /// set of environment variables.
  std::map<std::string, std::map<std::string, std::string>> environments = {};
  /// Names of the environments ("usual": none of them) in which the tests of
  /// every mode must pass in this round.
  std::vector<std::string> modes = {};

  /// Whether calls of a component with other inputs are asked for.
  bool asks_fresh(const std::string& component) const;
  /// The files of `calls` that must have calls of a component.
  std::vector<std::string> files_for(const std::string& component) const;
  /// What a fingerprint holds of it; empty for a round that asks for nothing.
  std::string fingerprint() const;
};

/// What reference.toml says of a round in `[round.N]`, else the workbench's own
/// three: as recorded; other inputs; other surroundings.
/// \throws ConfigError naming the key
RoundKind round_kind(const Reference& reference, int number);

/// How many closed rounds `gate` asks for: `[gate] rounds`, 3 unless given.
/// \throws ConfigError
int rounds_wanted(const Reference& reference);

/// One round of a model.
struct Round {
  int number = 0;
  std::string title;
  std::string opened, closed; ///< times; `closed` is empty while it is open
  bool is_open() const {
    return number > 0 && closed.empty();
  }
};

/// `rounds.jsonl`: when each round was opened and closed.
class Rounds {
 public:
  explicit Rounds(std::filesystem::path path);

  const std::vector<Round>& all() const {
    return rounds_;
  }
  /// The last one; number 0 if none was opened yet.
  Round current() const;
  /// The round that evidence is recorded for: the last one, or 1.
  int recording() const;
  /// The number of the last closed one, or 0.
  int closed() const;
  const std::vector<std::string>& damage() const {
    return damage_;
  }

  /// Opens the next round. \param state what stood when it was opened
  /// \throws ConfigError if the current one is open
  Round open(const Reference& reference, const mlxaudio::Json& state);
  /// Closes the current round. \param state what it found
  /// \throws ConfigError if none is open, or another than `number`
  Round close(int number, const mlxaudio::Json& state);

 private:
  void index();

  RecordLog log_;
  std::vector<Round> rounds_;
  std::vector<std::string> damage_;
};

} // namespace portproof
