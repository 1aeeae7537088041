// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace mlxaudio::kernels {

/// Types that weights are kept in; kernels widen them as they go.
enum class Type { f32, f16, bf16 };

/// Numbers of one of these types in memory. They need no alignment beyond
/// their own.
struct Numbers {
  const void* data = nullptr;
  Type type = Type::f32;

  /// The numbers from the n-th on.
  Numbers from(std::size_t n) const {
    const std::size_t item = type == Type::f32 ? 4 : 2;
    return {static_cast<const char*>(data) + n * item, type};
  }
  explicit operator bool() const {
    return data != nullptr;
  }
};

} // namespace mlxaudio::kernels
