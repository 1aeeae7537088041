// SPDX-License-Identifier: MIT
#include "cli/known_files.h"

#include <optional>

#include <sys/stat.h>

namespace mlxaudio::cli {
namespace {

std::optional<std::pair<dev_t, ino_t>> identity(
    const std::filesystem::path& file) {
  struct stat facts {};
  return ::stat(file.c_str(), &facts) == 0
             ? std::optional(std::pair(facts.st_dev, facts.st_ino))
             : std::nullopt;
}

} // namespace

void KnownFiles::add(const std::filesystem::path& file) {
  if (const auto id = identity(file)) {
    names_.emplace(*id, file);
  }
}

const std::filesystem::path* KnownFiles::find(
    const std::filesystem::path& file) const {
  const auto id = identity(file);
  const auto found = id ? names_.find(*id) : names_.end();
  return found == names_.end() ? nullptr : &found->second;
}

} // namespace mlxaudio::cli
