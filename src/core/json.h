// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace mlxaudio {

/// JSON that keeps the order of keys, so that what we write is stable.
///
/// Its look-up is linear: an object holds at most kJsonKeys keys, and things
/// as large as a vocabulary are read by other means.
using Json = nlohmann::ordered_json;

inline constexpr std::size_t kJsonKeys = 10000; ///< most keys of one object
inline constexpr std::size_t kJsonDepth = 200;  ///< deepest nesting read

/// Parses JSON. \param name what to call the text in errors
/// \throws ConfigError naming the text and the place, also for keys that come
/// twice and for what passes the limits above
Json parse_json(std::string_view text, const std::filesystem::path& name);

/// Reads a JSON file. \throws ConfigError naming the file and the place.
Json read_json(const std::filesystem::path& path);

} // namespace mlxaudio
