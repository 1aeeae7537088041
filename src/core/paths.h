// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

namespace mlxaudio {

/// Where downloads, SDKs, converted models and vocabularies lie:
/// `$MLXAUDIO_CACHE`, else `~/.cache/mlx-audio` (XDG_CACHE_HOME is not asked,
/// so that set-up's scripts, CMake and the library agree). \throws ConfigError
/// if neither MLXAUDIO_CACHE nor HOME is set
std::filesystem::path cache_dir();

/// Folders that hold data installed beside the program (`share/mlx-audio`),
/// most specific first; none of them need exist.
std::vector<std::filesystem::path> share_dirs();

} // namespace mlxaudio
