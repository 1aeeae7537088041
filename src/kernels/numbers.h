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

/// Weights of 12 bits, whole numbers of -2039 to 2039 times the scale of their
/// group, cut in two: a number is 16 high + low. What needs few digits reads
/// the high bits alone.
struct Int12Weights {
  static constexpr std::size_t kGroup = 128; ///< inputs that share a scale

  const std::int8_t* high = nullptr; ///< [out, depth], 0 past the inputs
  /// [out, depth / 2]: of two numbers of a group that are half a group apart
  /// the first has the low bits of a byte; -8 to 7
  const std::uint8_t* low = nullptr;
  const float* scales = nullptr; ///< [out, depth / kGroup]
  /// [out]: how far off a sum with the mean of low bits may be, times the norm
  /// of x
  const float* errors = nullptr;

  /// Inputs, to whole groups.
  static constexpr std::size_t depth_of(std::size_t in) {
    return (in + kGroup - 1) / kGroup * kGroup;
  }
  explicit operator bool() const {
    return high != nullptr;
  }
};

} // namespace mlxaudio::kernels
