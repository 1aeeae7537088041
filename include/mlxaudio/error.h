// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

#include "mlxaudio/api.h"

namespace mlxaudio {

/// What kind of thing went wrong; programs decide by it, people read `what()`.
enum class ErrorCode {
  config,      ///< a model's configuration is missing, malformed or absurd
  weights,     ///< weights are missing, misshapen, truncated or not numbers
  audio,       ///< audio cannot be read, or is not audio
  token,       ///< a vocabulary or token is wrong for the model
  unsupported, ///< a valid request that this build or model cannot serve
  argument,    ///< an option or argument is out of its range
  output,      ///< a result cannot be written
  interrupted, ///< a stop was requested before there was any result
};

/// Base of every exception that the library throws on purpose.
///
/// The message reads `[where] what is wrong: how to mend it` and names the
/// file where there is one.
class MLXAUDIO_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept {
    return code_;
  }

 private:
  ErrorCode code_;
};

template <ErrorCode kCode>
class MLXAUDIO_API ErrorOf : public Error {
 public:
  explicit ErrorOf(const std::string& message) : Error(kCode, message) {}
};

using ConfigError = ErrorOf<ErrorCode::config>;
using WeightError = ErrorOf<ErrorCode::weights>;
using AudioError = ErrorOf<ErrorCode::audio>;
using TokenError = ErrorOf<ErrorCode::token>;
using UnsupportedError = ErrorOf<ErrorCode::unsupported>;
using ArgumentError = ErrorOf<ErrorCode::argument>;
using OutputError = ErrorOf<ErrorCode::output>;
using InterruptedError = ErrorOf<ErrorCode::interrupted>;

} // namespace mlxaudio
