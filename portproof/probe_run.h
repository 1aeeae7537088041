// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/compare.h"
#include "portproof/golden.h"
#include "portproof/stamp.h"

namespace portproof {

/// A program of probes, as it describes itself.
struct ProbeProgram {
  std::vector<std::string> command;
  std::vector<std::string> components;
  Stamp stamp;
  mlxaudio::Json about; ///< "mlx", "device", ... as it likes
  /// What it says that its machine has, besides the processor's features.
  std::set<std::string> features = {};

  /// Asks the program, under these variables besides.
  /// \throws ConfigError
  static ProbeProgram open(
      const std::vector<std::string>& command,
      const std::map<std::string, std::string>& variables = {});
};

/// What a program is asked: calls of one component, without their results.
struct Question {
  const Golden& golden;
  std::vector<const Call*> calls;
  std::string grade;
  bool taps = false; ///< whether it is to tell what is computed on the way
  /// Call id to what its computation is to go on with, path by path.
  std::map<std::string, mlxaudio::Json> forced = {};
  int time_limit = 0; ///< \unit s
  /// Variables to run under, where the grade's own are not wanted.
  std::map<std::string, std::string> environment = {};
  /// Changes the arguments of each call, to see whether that shows.
  std::function<void(mlxaudio::Json& args, Arrays& arrays)> alter = {};
  /// How often each call is to be answered once more, to tell what it costs.
  int repeats = 0;
};

struct Answers {
  /// Why there are none: a crash, a hang, garbage. Empty: all were answered.
  std::string trouble;
  mlxaudio::Json calls; ///< in the order of the question
  Arrays arrays;
  double seconds = 0;     ///< from start to end
  double cpu_seconds = 0; ///< of all its threads
  long peak_kib = 0;      ///< most memory that it held \unit KiB
};

/// Runs a program of probes once, in a folder of its own.
Answers ask(const std::vector<std::string>& command, const Question& question);

} // namespace portproof
