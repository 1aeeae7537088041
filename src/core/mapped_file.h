// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "mlxaudio/error.h"

namespace mlxaudio {

/// A file's bytes, mapped read-only for as long as the object lives.
///
/// Hazard: a file that another program truncates while it is mapped raises
/// SIGBUS on access, as with every mapping. Our own writers replace files by
/// renaming, which leaves a mapping of the old file whole.
class MappedFile {
 public:
  /// Maps a regular file; an empty one gives an empty span.
  /// \param code the kind of error that an unreadable file is
  static std::shared_ptr<const MappedFile> open(
      const std::filesystem::path& path, ErrorCode code = ErrorCode::weights);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const {
    return bytes_;
  }
  /// Gives the memory back that holds the pages which bytes of the file lie in;
  /// they stay what they are, and what is read again is read from the file.
  void forget_pages(std::span<const std::byte> part) const;
  const std::filesystem::path& path() const {
    return path_;
  }

 private:
  MappedFile(std::filesystem::path path, std::span<const std::byte> bytes);

  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

/// Reads a whole file into memory.
/// \param code the kind of error that an unreadable file is
std::string read_file(const std::filesystem::path& path, ErrorCode code);

} // namespace mlxaudio
