// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>

namespace mlxaudio {

/// The float with the bits of an IEEE half; exact.
float from_f16(std::uint16_t bits);

/// The half nearest to a float, ties to even; what is too large becomes
/// infinite.
std::uint16_t to_f16(float value);

/// The float that a bfloat16 begins.
inline float from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

} // namespace mlxaudio
