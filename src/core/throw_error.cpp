// SPDX-License-Identifier: MIT
#include "core/throw_error.h"

namespace mlxaudio {

void throw_error(ErrorCode code, const std::string& message) {
  switch (code) {
    case ErrorCode::config:
      throw ConfigError(message);
    case ErrorCode::weights:
      throw WeightError(message);
    case ErrorCode::audio:
      throw AudioError(message);
    case ErrorCode::token:
      throw TokenError(message);
    case ErrorCode::unsupported:
      throw UnsupportedError(message);
    case ErrorCode::argument:
      throw ArgumentError(message);
    case ErrorCode::output:
      throw OutputError(message);
    case ErrorCode::interrupted:
      throw InterruptedError(message);
  }
  throw Error(code, message);
}

} // namespace mlxaudio
