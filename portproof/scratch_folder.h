// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

namespace portproof {

/// A folder for what is made on the way: one of its own, which goes when this
/// goes, or one that was named, which stays.
class ScratchFolder {
 public:
  /// \param told empty: a new one. \throws ConfigError
  explicit ScratchFolder(std::filesystem::path told = {});
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  const std::filesystem::path& path() const {
    return path_;
  }

 private:
  std::filesystem::path path_;
  bool own_ = false;
};

} // namespace portproof
