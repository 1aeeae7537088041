// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace mlxaudio {

/// JSON that keeps the order of keys, so that what we write is stable.
using Json = nlohmann::ordered_json;

/// Reads a JSON file. \throws ConfigError naming the file and the place.
Json read_json(const std::filesystem::path& path);

} // namespace mlxaudio
