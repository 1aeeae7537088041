// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/json.h"

namespace portproof {

/// Reads the part of TOML that reference files use: tables, arrays of tables,
/// dotted and quoted keys, strings on one line, numbers, booleans, arrays and
/// inline tables. Dates and strings of several lines are errors.
/// \param name what messages call the text
/// \throws ConfigError naming the line
mlxaudio::Json parse_toml(std::string_view text, const std::string& name);

/// \throws ConfigError naming the file and the line
mlxaudio::Json read_toml(const std::filesystem::path& path);

} // namespace portproof
