// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace portproof {

/// Whether `text` matches `pattern`, in which `*` stands for anything.
bool matches(std::string_view pattern, std::string_view text);

/// Whether `text` matches one of the patterns.
bool any_matches(
    const std::vector<std::string>& patterns, std::string_view text);

/// Whether a text is one of these.
bool is_any(
    std::string_view text, std::initializer_list<std::string_view> these);

/// The lines of a text, without their ends.
std::vector<std::string> split_lines(std::string_view text);

/// The text with each `from`, which is not empty, replaced.
std::string replaced(
    std::string text, const std::string& from, const std::string& to);

/// Shortest text of a number that tells it well enough: "0", "3.1e-07".
std::string figure(double value);

} // namespace portproof
