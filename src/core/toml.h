// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace mlxaudio {

/// The line, from 1, on which each key of a TOML text is set, by the names that
/// lead to it. Of a key in several tables of an array, the last.
using TomlLines = std::map<std::vector<std::string>, int>;

inline constexpr std::size_t kTomlDepth = 100; ///< deepest nesting read

/// Reads the part of TOML that our files use: tables, arrays of tables, dotted
/// and quoted keys, strings on one line, numbers, booleans, arrays and inline
/// tables. Dates and strings of several lines are errors.
/// \param name what messages call the text
/// \param lines is filled, if given
/// \throws ConfigError naming the line
Json parse_toml(
    std::string_view text, const std::string& name, TomlLines* lines = nullptr);

/// \throws ConfigError naming the file and the line
Json read_toml(const std::filesystem::path& path, TomlLines* lines = nullptr);

} // namespace mlxaudio
