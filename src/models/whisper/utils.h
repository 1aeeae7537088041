// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mlxaudio/stt.h"

namespace mlxaudio::whisper {

/// x / y where y divides x. \port whisper.utils.exact_div
/// \throws ArgumentError if there is a remainder
std::int64_t exact_div(std::int64_t x, std::int64_t y);

/// "True" or "False", spelled just so. \port whisper.utils.str2bool
/// \throws ArgumentError
bool str2bool(std::string_view string);

/// An integer as Python's `int()` takes it, or nothing for "None". \port
/// whisper.utils.optional_int
/// \throws ArgumentError for what is no integer, or too large for an `int`
std::optional<int> optional_int(std::string_view string);

/// A number as Python's `float()` takes it, or nothing for "None". \port
/// whisper.utils.optional_float \throws ArgumentError
std::optional<double> optional_float(std::string_view string);

/// Bytes of a text over its size compressed by zlib: high for text that
/// repeats itself. \port whisper.utils.compression_ratio
double compression_ratio(std::string_view text);

/// `[hh:]mm:ss.mmm`. \port whisper.utils.format_timestamp
/// \param seconds rounded to the nearest millisecond, halves to even
/// \throws ArgumentError for a time that is negative, not a number or above
/// 9e12
std::string format_timestamp(
    double seconds,
    bool always_include_hours = false,
    char decimal_marker = '.');

/// When the first word begins; when the first segment does, if there are no
/// words; nothing, if there are no segments. \port whisper.utils.get_start
/// \unit s
std::optional<double> get_start(std::span<const Segment> segments);

/// When the last word ends; when the last segment does, if there are no words;
/// nothing, if there are no segments. \port whisper.utils.get_end
/// \unit s
std::optional<double> get_end(std::span<const Segment> segments);

} // namespace mlxaudio::whisper
