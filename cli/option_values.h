// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlxaudio::cli {

// What options take for values. All throw ArgumentError that says what was
// expected; the caller adds the option's name. Numbers are read as Python's
// int() and float() read them.

/// The choices of options that are true or false, as the reference spells them.
std::vector<std::string> true_false();

/// A whole number within bounds.
int whole_number(const std::string& text, int least, int most);

/// A whole number that is at least `least`, or nothing for "None".
std::optional<int> optional_count(const std::string& text, int least);

/// A number, infinite or not, that is not NaN; nothing for "None".
std::optional<double> optional_number(const std::string& text);

/// A finite number from `least` on.
double number_from(const std::string& text, double least);

/// The same, or nothing for "None".
std::optional<double> optional_number_from(
    const std::string& text, double least);

/// 0 to 2^64 - 1.
std::uint64_t seed_number(const std::string& text);

/// Token numbers with commas between them; "" is none.
std::vector<int> token_list(const std::string& text);

/// Times with commas between them; "" is none. \unit s
std::vector<double> time_list(const std::string& text);

/// One of `choices`.
const std::string& one_of(
    const std::string& text, const std::vector<std::string>& choices);

/// A name of a folder or file, which is not empty.
const std::string& path_name(const std::string& text);

/// Python's `numpy.arange(start, stop, step)`: the same doubles.
/// \throws ArgumentError where that makes no list, or more than `most` numbers
std::vector<double> arange(
    double start, double stop, double step, std::size_t most);

} // namespace mlxaudio::cli
