// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

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

/// Weights in MLX's affine quantization: whole numbers from 0 on, times the
/// scale of their group of inputs, plus its bias.
struct AffineWeights {
  /// [out, in * bits / 8]; of two values in a byte the first has the low bits
  const std::uint8_t* values = nullptr;
  Numbers scales;        ///< [out, in / group]
  Numbers biases;        ///< [out, in / group]
  std::size_t group = 0; ///< 32, 64 or 128 inputs, of which `in` is a multiple
  std::size_t bits = 0;  ///< 8 or 4

  explicit operator bool() const {
    return values != nullptr;
  }
};

} // namespace mlxaudio::kernels
