// SPDX-License-Identifier: MIT
#include "portproof/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace portproof {

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    return pattern == text;
  }
  if (text.substr(0, star) != pattern.substr(0, star)) {
    return false;
  }
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (matches(rest, text.substr(at))) {
      return true;
    }
  }
  return false;
}

bool any_matches(
    const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(
      patterns.begin(),
      patterns.end(),
      [&](const std::string& p) { return matches(p, text); });
}

std::string replaced(
    std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string figure(double value) {
  return fmt::format("{:.2g}", value);
}

bool is_any(
    std::string_view text, std::initializer_list<std::string_view> these) {
  return std::find(these.begin(), these.end(), text) != these.end();
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    out.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

} // namespace portproof
