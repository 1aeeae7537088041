// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mlxaudio::text {

/// `int(str)`: digits of every script, blanks around, a sign and `_` between
/// digits are taken.
/// \return nothing for text that is no whole number, or one that 64 bits do
///   not hold
std::optional<std::int64_t> python_int(std::string_view text);

/// `float(str)`: as `python_int()`, with fractions, exponents, `inf`,
/// `infinity` and `nan` in any case. Too large a number is infinite, too small
/// a one is 0.
/// \return nothing for text that is no number
std::optional<double> python_float(std::string_view text);

} // namespace mlxaudio::text
