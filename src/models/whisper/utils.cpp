// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "models/whisper/utils.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "text/python.h"
#include "text/python_numbers.h"

namespace mlxaudio::whisper {
namespace {

std::string quoted(std::string_view string) {
  return fmt::format("\"{}\"", string);
}

} // namespace

std::int64_t exact_div(std::int64_t x, std::int64_t y) {
  if (y == 0 || (y != -1 && x % y != 0)) {
    throw ArgumentError(
        fmt::format("[whisper.utils] {} is not a multiple of {}", x, y));
  }
  // The one quotient that has no place in 64 bits.
  if (y == -1 && x == std::numeric_limits<std::int64_t>::min()) {
    throw ArgumentError(
        fmt::format("[whisper.utils] {} by {} is too large a number", x, y));
  }
  return x / y;
}

bool str2bool(std::string_view string) {
  if (string == "True") {
    return true;
  }
  if (string == "False") {
    return false;
  }
  throw ArgumentError(
      fmt::format("expected True or False, got {}", quoted(string)));
}

std::optional<int> optional_int(std::string_view string) {
  if (string == "None") {
    return std::nullopt;
  }
  const auto value = text::python_int(string);
  // DEVIATION(whisper-int-size): a number past 32 bits is refused. Python's
  // have no limit, and no option has a use for them.
  if (!value || *value < std::numeric_limits<int>::min() ||
      *value > std::numeric_limits<int>::max()) {
    throw ArgumentError(fmt::format(
        "expected a whole number of at most 32 bits or None, got {}",
        quoted(string)));
  }
  return static_cast<int>(*value);
}

std::optional<double> optional_float(std::string_view string) {
  if (string == "None") {
    return std::nullopt;
  }
  const auto value = text::python_float(string);
  if (!value) {
    throw ArgumentError(
        fmt::format("expected a number or None, got {}", quoted(string)));
  }
  return value;
}

double compression_ratio(std::string_view text) {
  const std::string bytes = replace_malformed_utf8(text);
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::vector<Bytef> compressed(size);
  // compressBound() leaves room for any input, so this cannot fail.
  compress2(
      compressed.data(),
      &size,
      reinterpret_cast<const Bytef*>(bytes.data()),
      static_cast<uLong>(bytes.size()),
      Z_DEFAULT_COMPRESSION);
  return static_cast<double>(bytes.size()) / static_cast<double>(size);
}

std::string format_timestamp(
    double seconds, bool always_include_hours, char decimal_marker) {
  // DEVIATION(whisper-long-times): past this, milliseconds no longer fit a
  // double's 53 bits, and the reference writes what is left of them.
  constexpr double kMost = 9.0e12;
  if (!(seconds >= 0 && seconds <= kMost)) {
    throw ArgumentError(fmt::format(
        "[whisper.utils] a time of {} s cannot be written: it must be a "
        "number from 0 to 9e12",
        text::python_repr(seconds)));
  }
  // nearbyint() rounds halves to even, as Python's round() does.
  auto milliseconds =
      static_cast<std::int64_t>(std::nearbyint(seconds * 1000.0));
  const std::int64_t hours = milliseconds / 3'600'000;
  milliseconds -= hours * 3'600'000;
  const std::int64_t minutes = milliseconds / 60'000;
  milliseconds -= minutes * 60'000;
  const std::int64_t whole = milliseconds / 1'000;
  milliseconds -= whole * 1'000;

  const std::string hours_marker =
      always_include_hours || hours > 0 ? fmt::format("{:02d}:", hours) : "";
  return fmt::format(
      "{}{:02d}:{:02d}{}{:03d}",
      hours_marker,
      minutes,
      whole,
      decimal_marker,
      milliseconds);
}

std::optional<double> get_start(std::span<const Segment> segments) {
  for (const Segment& segment : segments) {
    if (segment.words && !segment.words->empty()) {
      return segment.words->front().start;
    }
  }
  return segments.empty() ? std::nullopt
                          : std::optional(segments.front().start);
}

std::optional<double> get_end(std::span<const Segment> segments) {
  for (std::size_t i = segments.size(); i-- > 0;) {
    if (segments[i].words && !segments[i].words->empty()) {
      return segments[i].words->back().end;
    }
  }
  return segments.empty() ? std::nullopt : std::optional(segments.back().end);
}

} // namespace mlxaudio::whisper
