// SPDX-License-Identifier: MIT
#include "core/base85.h"

#include <cstdint>

namespace mlxaudio {

std::optional<std::string> decode_base85(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
      "!#$%&()*+-;<=>?@^_`{|}~";
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 5) {
    // A short group at the end is filled up with the last digit.
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + 5; ++i) {
      const auto digit =
          i < text.size() ? kAlphabet.find(text[i]) : kAlphabet.size() - 1;
      if (digit == std::string_view::npos)
        return std::nullopt;
      value = value * 85 + digit;
    }
    if (value > 0xFFFFFFFF)
      return std::nullopt;
    for (int shift = 24; shift >= 0; shift -= 8)
      out += static_cast<char>(value >> shift & 0xFF);
  }
  out.resize(out.size() - (5 - text.size() % 5) % 5);
  return out;
}

} // namespace mlxaudio
