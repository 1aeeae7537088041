// SPDX-License-Identifier: MIT
#pragma once

// What Python's own types do to text and numbers, for ports whose output must
// be the reference's, byte for byte.

#include <string>
#include <string_view>

namespace mlxaudio::text {

/// `str.isspace()` of one character. Wider than Unicode's White_Space: the
/// separators U+001C to U+001F count.
bool is_python_space(char32_t value);

/// `str.strip()` of UTF-8 text.
std::string_view python_strip(std::string_view text);

/// `repr(float)`: the shortest digits that read back as the same number, fixed
/// for exponents from -4 to 15.
std::string python_repr(double value);

/// A string as `json.dumps(str)` writes it: ASCII only, other characters as
/// \uXXXX, those past U+FFFF as surrogate pairs.
std::string json_string(std::string_view text);

/// A number as `json.dumps(float)` writes it (`Infinity` and `NaN` too, which
/// other readers of JSON may refuse).
std::string json_number(double value);

} // namespace mlxaudio::text
