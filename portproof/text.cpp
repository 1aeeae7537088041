// SPDX-License-Identifier: MIT
#include "portproof/text.h"

#include <fmt/format.h>

#include "core/json.h"

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

std::string figure(double value) {
  return fmt::format("{:.2g}", value);
}

std::string valid_utf8(const std::string& text) {
  using mlxaudio::Json;
  const std::string dumped =
      Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(dumped).get<std::string>();
}

} // namespace portproof
