// SPDX-License-Identifier: MIT
#include "portproof/scratch_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace portproof {

ScratchFolder::ScratchFolder(std::filesystem::path told)
    : path_(std::move(told)) {
  if (!path_.empty()) {
    std::filesystem::create_directories(path_);
    return;
  }
  std::string name =
      (std::filesystem::temp_directory_path() / "portproof-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw mlxaudio::ConfigError(fmt::format(
        "[portproof] cannot make a folder {}: {}",
        name,
        std::strerror(errno)));
  }
  path_ = name;
  own_ = true;
}

ScratchFolder::~ScratchFolder() {
  if (own_) {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
}

} // namespace portproof
