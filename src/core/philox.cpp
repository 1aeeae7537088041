// SPDX-License-Identifier: MIT
#include "core/philox.h"

#include <cmath>

namespace mlxaudio {
namespace {

constexpr int kRounds = 10;
constexpr std::uint64_t kMultipliers[] = {0xD2511F53, 0xCD9E8D57};
/// Added to the key after each round: the golden ratio, and sqrt(3) - 1.
constexpr std::uint32_t kWeyl[] = {0x9E3779B9, 0xBB67AE85};

} // namespace

PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t a = kMultipliers[0] * counter[0];
    const std::uint64_t b = kMultipliers[1] * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0],
        static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1],
        static_cast<std::uint32_t>(a)};
    key[0] += kWeyl[0];
    key[1] += kWeyl[1];
  }
  return counter;
}

double uniform(const PhiloxCounter& words) {
  const std::uint64_t bits =
      (static_cast<std::uint64_t>(words[0]) << 32 | words[1]) >> 11;
  return std::ldexp(static_cast<double>(bits), -53);
}

} // namespace mlxaudio
