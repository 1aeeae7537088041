// SPDX-License-Identifier: MIT
#pragma once

#include "mlxaudio/error.h"

namespace mlxaudio::cli {

/// What the program's exit says; `--help` and docs/cli.md list these.
enum class ExitCode {
  done = 0,
  some_failed = 1, ///< some inputs failed, the rest was done
  usage = 2,
  model = 3,
  input = 4,
  output = 5,
  interrupted = 130,
};

/// The exit code that stands for an error.
ExitCode exit_code_of(ErrorCode code);

} // namespace mlxaudio::cli
