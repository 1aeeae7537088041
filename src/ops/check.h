// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "fmt/format.h"
#include "mlxaudio/error.h"
#include "ops/array.h"

namespace mlxaudio::ops {

/// A shape for messages: "[1, 80, 3000]".
inline std::string text_of(const mx::Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape.begin(), shape.end(), ", "));
}

/// \throws ArgumentError "[where] expected ..., got ..." unless `good`
inline void expect(
    bool good,
    const char* where,
    const std::string& expected,
    const mx::Shape& got) {
  if (!good) {
    throw ArgumentError(
        fmt::format("[{}] expected {}, got {}", where, expected, text_of(got)));
  }
}

} // namespace mlxaudio::ops
