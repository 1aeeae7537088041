// SPDX-License-Identifier: MIT
#pragma once

#include "cli/exit_code.h"
#include "cli/signals.h"
#include "cli/verb.h"

#include <functional>
#include <string>
#include <vector>

namespace mlxaudio::cli {

/// What a verb works with.
struct Context {
  Signals& signals;
  std::vector<std::string> positionals;
};

/// A verb and what it does; the options were set when `run` is called.
struct Command {
  Verb verb;
  std::function<ExitCode(Context&)> run;
};

} // namespace mlxaudio::cli
