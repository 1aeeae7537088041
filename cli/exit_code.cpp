// SPDX-License-Identifier: MIT
#include "cli/exit_code.h"

namespace mlxaudio::cli {

ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::config:
    case ErrorCode::weights:
    case ErrorCode::token:
    case ErrorCode::unsupported:
      return ExitCode::model;
    case ErrorCode::audio:
      return ExitCode::input;
    case ErrorCode::argument:
      return ExitCode::usage;
    case ErrorCode::output:
      return ExitCode::output;
    case ErrorCode::interrupted:
      return ExitCode::interrupted;
  }
  return ExitCode::model;
}

} // namespace mlxaudio::cli
