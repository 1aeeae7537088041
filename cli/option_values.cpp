// SPDX-License-Identifier: MIT
#include "cli/option_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "models/whisper/utils.h"
#include "text/python.h"
#include "text/python_numbers.h"

namespace mlxaudio::cli {
namespace {

std::string plain(double value) {
  return fmt::format("{:g}", value);
}

/// The parts of a list with commas between them.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size() && !text.empty();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

bool is_digits(const std::string& text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

double finite(const std::string& text, double least, const char* or_none) {
  const auto value = text::python_float(text);
  if (!value || !std::isfinite(*value) || *value < least) {
    throw ArgumentError(fmt::format(
        "expected a number from {} on{}, got \"{}\"",
        plain(least),
        or_none,
        text));
  }
  return *value;
}

} // namespace

std::vector<std::string> true_false() {
  return {"True", "False"};
}

int whole_number(const std::string& text, int least, int most) {
  const auto value = text::python_int(text);
  if (!value || *value < least || *value > most) {
    throw ArgumentError(fmt::format(
        "expected a whole number from {} to {}, got \"{}\"",
        least,
        most,
        text));
  }
  return static_cast<int>(*value);
}

std::optional<int> optional_count(const std::string& text, int least) {
  const std::optional<int> value = whisper::optional_int(text);
  if (value && *value < least) {
    throw ArgumentError(fmt::format(
        "expected a whole number from {} on, or None, got \"{}\"",
        least,
        text));
  }
  return value;
}

std::optional<double> optional_number(const std::string& text) {
  const std::optional<double> value = whisper::optional_float(text);
  if (value && std::isnan(*value)) {
    throw ArgumentError(
        fmt::format("expected a number or None, got \"{}\"", text));
  }
  return value;
}

double number_from(const std::string& text, double least) {
  return finite(text, least, "");
}

std::optional<double> optional_number_from(
    const std::string& text, double least) {
  return text == "None" ? std::nullopt
                        : std::optional(finite(text, least, ", or None"));
}

std::uint64_t seed_number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [last, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || last != text.data() + text.size()) {
    throw ArgumentError(fmt::format(
        "expected a whole number from 0 to 18446744073709551615, got \"{}\"",
        text));
  }
  return value;
}

std::vector<int> token_list(const std::string& text) {
  constexpr int kLeast = -1; // stands for a list of the tokenizer's
  constexpr int kMost = 1 << 24;
  std::vector<int> tokens;
  for (const std::string& part : parts_of(text)) {
    const auto token = text::python_int(part);
    const std::string number(text::python_strip(part));
    // Digits that are no number of 64 bits are one of more.
    if (!token && !is_digits(number)) {
      throw ArgumentError(fmt::format(
          "expected token numbers with commas between them, got \"{}\"",
          text));
    }
    if (!token || *token > kMost) {
      throw ArgumentError(fmt::format(
          "token {} is too large: no model's vocabulary goes beyond {}",
          number,
          kMost));
    }
    if (*token < kLeast) {
      throw ArgumentError(fmt::format(
          "{} is no token: they go from 0 up, and -1 stands for the symbols "
          "that are not speech",
          number));
    }
    tokens.push_back(static_cast<int>(*token));
  }
  return tokens;
}

std::vector<double> time_list(const std::string& text) {
  std::vector<double> times;
  for (const std::string& part : parts_of(text)) {
    const auto time = text::python_float(part);
    if (!time || !std::isfinite(*time) || *time < 0) {
      throw ArgumentError(fmt::format(
          "expected times in seconds with commas between them, got \"{}\"",
          text));
    }
    times.push_back(*time);
  }
  return times;
}

const std::string& one_of(
    const std::string& text, const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    throw ArgumentError(fmt::format(
        "expected one of {}, got \"{}\"",
        fmt::join(choices, ", "),
        text));
  }
  return text;
}

const std::string& path_name(const std::string& text) {
  if (text.empty()) {
    throw ArgumentError("expected the name of a folder or file");
  }
  return text;
}

std::vector<double> arange(
    double start, double stop, double step, std::size_t most) {
  const double count = std::ceil((stop - start) / step);
  if (!(count >= 1 && count <= static_cast<double>(most))) {
    throw ArgumentError(fmt::format(
        "no steps of {} lead from {} to {} in at most {} numbers: give a "
        "larger step, above 0",
        plain(step),
        plain(start),
        plain(stop),
        most));
  }
  // As NumPy does it: the step that the first two numbers have, times i.
  const double delta = (start + step) - start;
  std::vector<double> out(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = i == 1 ? start + step : start + static_cast<double>(i) * delta;
  }
  return out;
}

} // namespace mlxaudio::cli
