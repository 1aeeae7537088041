// SPDX-License-Identifier: MIT
#include "audio/flac_channels.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace mlxaudio {
namespace {

constexpr std::string_view kKey = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0X";

// The block of comments, in upper case; empty where there is none.
std::string comments(const InputFile& input) {
  if (input.bytes(0, 4) != "fLaC") {
    return {};
  }
  constexpr std::size_t kHeader = 4;
  constexpr std::size_t kMostComments = 1 << 20;
  constexpr unsigned kComments = 4;
  std::uint64_t at = 4;
  while (true) {
    const std::string header = input.bytes(at, kHeader);
    if (header.size() < kHeader) {
      return {};
    }
    const auto byte = [&](std::size_t i) {
      return static_cast<unsigned char>(header[i]);
    };
    const std::size_t length =
        static_cast<std::size_t>(byte(1)) << 16 | byte(2) << 8 | byte(3);
    if ((byte(0) & 0x7f) == kComments) {
      std::string text =
          input.bytes(at + kHeader, std::min(length, kMostComments));
      std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      });
      return text;
    }
    if ((byte(0) & 0x80) != 0) {
      return {};
    }
    at += kHeader + length;
  }
}

} // namespace

std::optional<std::vector<Channel>> flac_channels(
    const InputFile& input, int n_channels) {
  const std::string text = comments(input);
  const std::size_t found = text.find(kKey);
  if (found == std::string::npos) {
    return std::nullopt;
  }
  const char* const digits = text.data() + found + kKey.size();
  std::uint32_t mask = 0;
  std::from_chars(digits, text.data() + text.size(), mask, 16);
  return channels_of_mask(mask, n_channels);
}

} // namespace mlxaudio
