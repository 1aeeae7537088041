// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace mlxaudio {

/// A file that appears whole or not at all.
///
/// Bytes go to a temporary file in the same folder; `commit()` renames it over
/// the target. Without `commit()` the destructor removes it, so neither a full
/// disk nor an exception leaves half a file behind. A device or pipe is
/// written to directly.
///
/// \throws OutputError naming the target and the system's reason
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);

  /// Flushes to the disk and renames. A full disk often shows only here.
  void commit();

  const std::filesystem::path& path() const {
    return path_;
  }

 private:
  [[noreturn]] void fail(const char* what, int error) const;

  std::filesystem::path path_;      // as given
  std::filesystem::path target_;    // path_, with links followed
  std::filesystem::path temporary_; // empty when written to directly
  int file_ = -1;
};

/// What a user can do about a system's error in writing, as the end of a
/// message.
const char* mend_for_writing(int error);

/// Finds out whether files can be made in a folder that is there, and leaves
/// none.
/// \throws OutputError naming the folder
void check_folder(const std::filesystem::path& folder);

/// Writes a whole file by way of AtomicFile.
void write_file(const std::filesystem::path& path, std::string_view text);

/// A folder that appears whole or not at all: filled beside its target under a
/// hidden name, then renamed. Without `commit()` it is removed.
///
/// \throws OutputError
class AtomicFolder {
 public:
  explicit AtomicFolder(const std::filesystem::path& path);
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  ~AtomicFolder();

  /// Where to write the folder's files until `commit()`.
  const std::filesystem::path& temporary() const {
    return temporary_;
  }

  /// Puts the folder in its place; one that is there already is replaced.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
};

} // namespace mlxaudio
