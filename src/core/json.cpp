// SPDX-License-Identifier: MIT
#include "core/json.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "core/mapped_file.h"
#include "core/utf8.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

Json parse_json(std::string_view text, const std::filesystem::path& name) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format(
        "[core.json] {}: {}: mend the file, or get it again",
        name.string(),
        printable(why, 300)));
  };
  // Called as parsing goes: keys of the objects that are open, innermost last.
  std::vector<std::set<std::string>> open;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (static_cast<std::size_t>(depth) > kJsonDepth)
      refuse(fmt::format("nested deeper than {}", kJsonDepth));
    switch (event) {
      case Json::parse_event_t::object_start:
        open.emplace_back();
        break;
      case Json::parse_event_t::object_end:
        open.pop_back();
        break;
      case Json::parse_event_t::key: {
        const auto& key = value.get_ref<const std::string&>();
        if (!open.back().insert(key).second)
          refuse(fmt::format("key \"{}\" comes twice", key));
        if (open.back().size() > kJsonKeys)
          refuse(fmt::format("an object of more than {} keys", kJsonKeys));
        break;
      }
      default:
        break;
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check);
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, ..."
    std::string why = error.what();
    if (const auto end = why.find("] "); end != std::string::npos)
      why = why.substr(end + 2);
    refuse(why);
  }
  return {};
}

Json read_json(const std::filesystem::path& path) {
  return parse_json(read_file(path, ErrorCode::config), path);
}

} // namespace mlxaudio
