// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace portproof {

/// Whether `text` matches `pattern`, in which `*` stands for anything.
bool matches(std::string_view pattern, std::string_view text);

/// Shortest text of a number that tells it well enough: "0", "3.1e-07".
std::string figure(double value);

/// The text with what is no UTF-8 replaced, as JSON wants it.
std::string valid_utf8(const std::string& text);

} // namespace portproof
