// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace mlxaudio {

/// SHA-256 of a stream of bytes (FIPS 180-4).
class Sha256 {
 public:
  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view text);

  /// The digest of what was fed so far, in lower-case hexadecimal. More may be
  /// fed afterwards.
  std::string hex() const;

 private:
  void block(const std::byte* data);

  std::array<std::uint32_t, 8> state_{
      0x6a09e667,
      0xbb67ae85,
      0x3c6ef372,
      0xa54ff53a,
      0x510e527f,
      0x9b05688c,
      0x1f83d9ab,
      0x5be0cd19};
  std::array<std::byte, 64> pending_{};
  std::uint64_t length_ = 0; // bytes fed
};

/// Digest of bytes in memory.
std::string sha256(std::span<const std::byte> bytes);
std::string sha256(std::string_view text);

/// Digest of a file.
/// \throws WeightError if it cannot be read
std::string sha256_file(const std::filesystem::path& path);

} // namespace mlxaudio
