// SPDX-License-Identifier: MIT
#include "text/python.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>

#include "core/utf8.h"

namespace mlxaudio::text {

bool is_python_space(char32_t value) {
  return (value >= 0x09 && value <= 0x0D) || (value >= 0x1C && value <= 0x20) ||
         value == 0x85 || value == 0xA0 || value == 0x1680 ||
         (value >= 0x2000 && value <= 0x200A) || value == 0x2028 ||
         value == 0x2029 || value == 0x202F || value == 0x205F ||
         value == 0x3000;
}

std::string_view python_strip(std::string_view text) {
  std::size_t begin = 0;
  std::size_t end = 0; // past the last character that is not a space
  bool leading = true;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    const bool space = step.code_point && is_python_space(*step.code_point);
    at += step.size;
    if (!space) {
      leading = false;
      end = at;
    } else if (leading) {
      begin = at;
    }
  }
  return leading ? std::string_view{} : text.substr(begin, end - begin);
}

std::string python_repr(double value) {
  if (std::isnan(value)) {
    return "nan";
  }
  if (std::isinf(value)) {
    return value < 0 ? "-inf" : "inf";
  }
  std::array<char, 64> buffer{};
  const auto [last, error] = std::to_chars(
      buffer.data(),
      buffer.data() + buffer.size(),
      value,
      std::chars_format::scientific);
  static_cast<void>(error); // 64 characters hold any double
  const std::string_view written(
      buffer.data(),
      static_cast<std::size_t>(last - buffer.data()));

  const std::size_t e = written.find('e');
  std::string digits;
  for (const char c : written.substr(0, e)) {
    if (c >= '0' && c <= '9') {
      digits.push_back(c);
    }
  }
  int exponent = 0;
  std::string_view power = written.substr(e + 1);
  if (power.front() == '+') {
    power.remove_prefix(1);
  }
  std::from_chars(power.data(), power.data() + power.size(), exponent);

  std::string out = std::signbit(value) ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    out += digits.front();
    if (digits.size() > 1) {
      out += "." + digits.substr(1);
    }
    return out + fmt::format(
                     "e{}{:02d}",
                     exponent < 0 ? '-' : '+',
                     std::abs(exponent));
  }
  if (exponent < 0) {
    return out + "0." +
           std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    return out + digits + std::string(whole - digits.size(), '0') + ".0";
  }
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    at += step.size;
    const char32_t value = step.code_point.value_or(0xFFFD);
    switch (value) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (value >= 0x20 && value < 0x7F) {
          out += static_cast<char>(value);
        } else if (value < 0x10000) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(value));
        } else {
          const unsigned rest = static_cast<unsigned>(value) - 0x10000;
          out += fmt::format(
              "\\u{:04x}\\u{:04x}",
              0xD800 | rest >> 10,
              0xDC00 | (rest & 0x3FF));
        }
    }
  }
  return out + "\"";
}

std::string json_number(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value < 0 ? "-Infinity" : "Infinity";
  }
  return python_repr(value);
}

} // namespace mlxaudio::text
