// SPDX-License-Identifier: MIT
#include "text/python_numbers.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <string>

#include "core/utf8.h"
#include "text/python.h"
#include "text/python_unicode.h"

namespace mlxaudio::text {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// What numbers may have around them: Python's blanks, but for the separators
/// U+001C to U+001F, which only strip() takes.
bool is_blank(char32_t c) {
  return is_python_space(c) && !(c >= 0x1C && c <= 0x1F);
}

std::string_view without_blanks(std::string_view text) {
  std::size_t first = text.size();
  std::size_t last = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    if (!step.code_point || !is_blank(*step.code_point)) {
      first = std::min(first, at);
      last = at + step.size;
    }
    at += step.size;
  }
  return first < last ? text.substr(first, last - first) : std::string_view();
}

/// The text with the decimal digits of every script as those of ASCII.
std::string with_ascii_digits(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    const std::optional<int> value =
        step.code_point ? decimal_value(*step.code_point) : std::nullopt;
    if (value) {
      out += static_cast<char>('0' + *value);
    } else {
      out += text.substr(at, step.size);
    }
    at += step.size;
  }
  return out;
}

/// The sign in front, taken off: whether it was a minus.
bool take_sign(std::string_view& text) {
  const bool minus = !text.empty() && text.front() == '-';
  if (minus || (!text.empty() && text.front() == '+')) {
    text.remove_prefix(1);
  }
  return minus;
}

/// Digits in front of `text`, taken off, without the `_` between them. Empty
/// if there are none.
std::string take_digits(std::string_view& text) {
  std::string digits;
  std::size_t at = 0;
  while (at < text.size()) {
    const bool between = text[at] == '_' && at > 0 && is_digit(text[at - 1]) &&
                         at + 1 < text.size() && is_digit(text[at + 1]);
    if (!is_digit(text[at]) && !between) {
      break;
    }
    if (!between) {
      digits += text[at];
    }
    ++at;
  }
  text.remove_prefix(at);
  return digits;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return out;
}

/// Whether a number that is no double is too large for one (else too small).
/// \param exponent of the power of ten that `whole` and `part` are scaled by
bool is_large(
    const std::string& whole, const std::string& part, std::int64_t exponent) {
  const std::size_t first = (whole + part).find_first_not_of('0');
  if (first == std::string::npos) {
    return false;
  }
  const auto place = static_cast<std::int64_t>(whole.size()) -
                     static_cast<std::int64_t>(first);
  return place + exponent > 0;
}

} // namespace

std::optional<std::int64_t> python_int(std::string_view text) {
  const std::string ascii = with_ascii_digits(text);
  std::string_view rest = without_blanks(ascii);
  const bool minus = take_sign(rest);
  const std::string digits = (minus ? "-" : "") + take_digits(rest);
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [last, error] = std::from_chars(digits.data(), end, value);
  if (!rest.empty() || error != std::errc{} || last != end) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> python_float(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string ascii = with_ascii_digits(text);
  std::string_view rest = without_blanks(ascii);
  const bool minus = take_sign(rest);
  const auto with_sign = [minus](double value) {
    return minus ? -value : value;
  };
  if (const std::string name = lower(rest);
      name == "inf" || name == "infinity") {
    return with_sign(kInfinity);
  } else if (name == "nan") {
    return with_sign(std::numeric_limits<double>::quiet_NaN());
  }

  const std::string whole = take_digits(rest);
  std::string part;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    part = take_digits(rest);
  }
  if (whole.empty() && part.empty()) {
    return std::nullopt;
  }
  bool down = false;
  std::string power = "0";
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    rest.remove_prefix(1);
    down = take_sign(rest);
    power = take_digits(rest);
  }
  if (!rest.empty() || power.empty()) {
    return std::nullopt;
  }

  const std::string digits = (whole.empty() ? "0" : whole) + "." +
                             (part.empty() ? "0" : part) + "e" +
                             (down ? "-" : "") + power;
  double value = 0;
  const auto result =
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc{}) {
    // Past this no number of digits that fits a text brings it back.
    constexpr std::int64_t kMost = std::int64_t{1} << 60;
    std::int64_t exponent = kMost;
    std::from_chars(power.data(), power.data() + power.size(), exponent);
    value = is_large(whole, part, down ? -exponent : exponent) ? kInfinity : 0;
  }
  return with_sign(value);
}

} // namespace mlxaudio::text
