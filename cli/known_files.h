// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <utility>

#include <sys/types.h>

namespace mlxaudio::cli {

/// Files that must stay as they are, under whatever name one comes to them.
class KnownFiles {
 public:
  /// Passes over what is not there.
  void add(const std::filesystem::path& file);

  /// The name that a file was added by; null if it is not there or is another.
  const std::filesystem::path* find(const std::filesystem::path& file) const;

 private:
  std::map<std::pair<dev_t, ino_t>, std::filesystem::path> names_;
};

} // namespace mlxaudio::cli
