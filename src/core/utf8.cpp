// SPDX-License-Identifier: MIT
#include "core/utf8.h"

namespace mlxaudio {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// What may follow a lead byte (Unicode's table of well-formed sequences): how
/// many bytes, and the range of the first of them, which rules out overlong
/// forms, surrogates and values above U+10FFFF.
struct Lead {
  int more = -1; // continuation bytes; -1: not a lead byte
  unsigned low = 0x80;
  unsigned high = 0xBF;
};

Lead lead_of(unsigned byte) {
  if (byte < 0x80)
    return {0};
  if (byte >= 0xC2 && byte <= 0xDF)
    return {1};
  if (byte == 0xE0)
    return {2, 0xA0, 0xBF};
  if (byte == 0xED)
    return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF)
    return {2};
  if (byte == 0xF0)
    return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3)
    return {3};
  if (byte == 0xF4)
    return {3, 0x80, 0x8F};
  return {};
}

} // namespace

Utf8Step decode_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(text[i]));
  };
  const unsigned first = byte(at);
  const Lead lead = lead_of(first);
  if (lead.more < 0)
    return {std::nullopt, 1};
  if (lead.more == 0)
    return {first, 1};
  char32_t value = first & (0x3Fu >> lead.more);
  for (int i = 1; i <= lead.more; ++i) {
    const std::size_t next = at + static_cast<std::size_t>(i);
    const unsigned low = i == 1 ? lead.low : 0x80;
    const unsigned high = i == 1 ? lead.high : 0xBF;
    if (next >= text.size() || byte(next) < low || byte(next) > high)
      return {std::nullopt, static_cast<std::size_t>(i)};
    value = value << 6 | (byte(next) & 0x3F);
  }
  return {value, static_cast<std::size_t>(lead.more) + 1};
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    if (!step.code_point)
      return false;
    at += step.size;
  }
  return true;
}

std::optional<std::u32string> to_utf32(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    if (!step.code_point)
      return std::nullopt;
    out += *step.code_point;
    at += step.size;
  }
  return out;
}

void append_utf8(std::string& out, char32_t code_point) {
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
    code_point = kReplacement;
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | code_point >> 12);
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code_point >> 18);
    out += static_cast<char>(0x80 | (code_point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

std::string to_utf8(std::u32string_view code_points) {
  std::string out;
  out.reserve(code_points.size());
  for (const char32_t code_point : code_points)
    append_utf8(out, code_point);
  return out;
}

std::string replace_malformed_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    if (step.code_point)
      out += text.substr(at, step.size);
    else
      append_utf8(out, kReplacement);
    at += step.size;
  }
  return out;
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out = replace_malformed_utf8(text.substr(0, most));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      c = '?';
  if (text.size() > most)
    out += "...";
  return out;
}

} // namespace mlxaudio
