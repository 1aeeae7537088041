// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "core/mapped_file.h"

namespace mlxaudio {

/// Entries of a zip archive (stored and deflated, zip64), by its central
/// directory.
/// \throws WeightError for whatever is not a well-formed archive
class ZipReader {
 public:
  struct Entry {
    std::uint16_t method = 0; ///< 0 stored, 8 deflated
    std::uint32_t crc = 0;
    std::uint64_t compressed = 0; ///< bytes
    std::uint64_t size = 0;       ///< bytes once inflated
    std::uint64_t offset = 0;     ///< of the local header
  };

  /// Bytes of an entry and what keeps them alive.
  struct Bytes {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
    /// What `bytes` are a view of, if that is the archive itself.
    std::shared_ptr<const MappedFile> file = {};
  };

  explicit ZipReader(std::shared_ptr<const MappedFile> file);

  const std::map<std::string, Entry>& entries() const {
    return entries_;
  }

  /// Contents of an entry: the mapping itself where it is stored, a copy where
  /// it is deflated. The checksum is verified.
  Bytes read(const std::string& name) const;

 private:
  [[noreturn]] void refuse(const std::string& why) const;

  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, Entry> entries_;
};

/// Whether bytes begin as a zip archive does.
bool is_zip(std::span<const std::byte> bytes);

} // namespace mlxaudio
