// SPDX-License-Identifier: MIT
#pragma once

// What the `str` and `re` of the reference's Python say of characters.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlxaudio::text {

/// `\w` of `re`: letters, numbers of any kind, and the underscore.
bool is_python_word(char32_t value);

/// `\d` of `re`: the decimal digits of every script.
bool is_python_digit(char32_t value);

/// `unicodedata.decimal(c)`: 0 to 9, or nothing.
std::optional<int> decimal_value(char32_t value);

/// `\b` of `re`: whether a word begins or ends before `text[at]`.
bool is_word_boundary(std::u32string_view text, std::size_t at);

/// `str.lower()`, with the sigma that ends a word.
std::u32string python_lower(std::u32string_view text);

/// `str.split()`: the words between white space.
std::vector<std::u32string_view> python_split(std::u32string_view text);

/// `re.sub(r"\s+", " ", s)`.
std::u32string collapse_spaces(std::u32string_view text);

} // namespace mlxaudio::text
