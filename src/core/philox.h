// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

namespace mlxaudio {

/// Four random words for each counter and key.
using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
/// easy as 1, 2, 3" (SC 2011): ten rounds that mix a counter with a key. It
/// keeps no state: the same arguments give the same words, in any order.
PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key);

/// A number in [0, 1), a multiple of 2^-53, of the first two of such words:
/// the upper 53 bits of `words[0] * 2^32 + words[1]`.
double uniform(const PhiloxCounter& words);

} // namespace mlxaudio
