// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mlxaudio/error.h"

namespace mlxaudio {

/// Throws the class of error that belongs to a code chosen at run time, so
/// that `catch (const WeightError&)` works whoever decided.
[[noreturn]] void throw_error(ErrorCode code, const std::string& message);

} // namespace mlxaudio
