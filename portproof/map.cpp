// SPDX-License-Identifier: MIT
#include "portproof/map.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/inventory.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

/// Like dump(1), but what fits into a line stays on it.
void write(const Json& json, std::size_t indent, std::string& out) {
  constexpr std::size_t kLine = 120;
  const std::string whole = json.dump();
  if (!json.is_structured() || whole.size() + indent <= kLine) {
    out += whole;
    return;
  }
  const std::string blank(indent + 1, ' ');
  out += json.is_array() ? "[" : "{";
  bool first = true;
  for (const auto& [key, value] : json.items()) {
    out += first ? "\n" : ",\n";
    first = false;
    out += blank;
    if (json.is_object()) {
      out += Json(key).dump() + ": ";
    }
    write(value, indent + 1, out);
  }
  out += '\n' + std::string(indent, ' ') + (json.is_array() ? "]" : "}");
}

/// "6 x " for what repeats, with the range that it repeats in: "3-5 x ".
std::string times_text(const Json& node) {
  const auto it = node.find("times");
  if (it == node.end()) {
    return {};
  }
  return (it->is_string() ? it->get<std::string>() : it->dump()) + " x ";
}

std::string type_text(const std::string& dtype) {
  return dtype == "float32" ? std::string() : " " + dtype;
}

void modules_text(const Json& node, int level, int depth, std::string& out) {
  std::string name = node.at("name");
  name = level == 0 ? "(model)" : name;
  const std::string blank(static_cast<std::size_t>(2 + 2 * level), ' ');
  out += fmt::format(
      "{}{}  {}{}  {}",
      blank,
      name,
      times_text(node),
      node.at("class").get<std::string>(),
      grouped(node.at("count").get<std::int64_t>()));
  for (const char* kind : {"parameters", "buffers"}) {
    for (const Json& p : node.value(kind, Json::array())) {
      out += fmt::format(
          "  {}{} {}{}",
          kind[0] == 'b' ? "buffer " : "",
          p.at(0).get<std::string>(),
          shape_text(p.at(1)),
          type_text(p.at(2).get<std::string>()));
    }
  }
  out += '\n';
  if (level + 1 < depth) {
    for (const Json& child : node.value("children", Json::array())) {
      modules_text(child, level + 1, depth, out);
    }
  }
}

struct CallsText {
  const MapView& view;
  std::string& out;
  int left_out = 0;

  void list(const Json& calls, int level, const std::string& around) {
    for (const Json& call : calls) {
      if (!view.all && !has_arrays(call)) {
        ++left_out;
        continue;
      }
      const std::string blank(static_cast<std::size_t>(2 + 2 * level), ' ');
      const bool loop = call.contains("loop");
      const std::string name =
          loop ? "loop" : short_name(call.at("name"), around);
      const std::string from = sources_text(call, calls, around);
      out += fmt::format(
          "{}{}{}{}{}\n",
          blank,
          times_text(call),
          name,
          loop ? std::string() : arrays_text(call),
          from.empty() ? "" : "   <- " + from);
      if (level + 1 < view.depth) {
        list(
            loop ? call.at("loop") : call.value("calls", Json::array()),
            level + 1,
            loop ? around : call.at("name").get<std::string>());
      }
    }
  }
};

} // namespace

std::string grouped(std::int64_t n) {
  std::string digits = std::to_string(n < 0 ? -n : n);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return n < 0 ? "-" + digits : digits;
}

std::string shape_text(const Json& shape) {
  std::string out;
  for (const Json& n : shape) {
    out += out.empty() ? "" : ", ";
    out += n.is_string() ? n.get<std::string>() : n.dump();
  }
  return "[" + out + "]";
}

bool has_arrays(const Json& call) {
  const auto any = [](const Json& list) {
    return std::any_of(list.begin(), list.end(), [](const Json& c) {
      return has_arrays(c);
    });
  };
  if (call.contains("loop")) {
    return any(call.at("loop"));
  }
  return call.contains("inputs") || call.contains("outputs") ||
         (call.contains("calls") && any(call.at("calls")));
}

std::string arrays_text(const Json& call) {
  std::string out;
  for (const char* key : {"inputs", "outputs"}) {
    const auto it = call.find(key);
    if (it == call.end()) {
      continue;
    }
    std::string list;
    for (const Json& a : *it) {
      const std::string name = a.at(0);
      std::string many;
      if (a.size() > 3) {
        many = fmt::format(
            "{} x ",
            a.at(3).is_string() ? a.at(3).get<std::string>() : a.at(3).dump());
      }
      list += list.empty() ? "" : ", ";
      list += fmt::format(
          "{}{}{}{}{}",
          name,
          name.empty() ? "" : " ",
          many,
          shape_text(a.at(1)),
          type_text(a.at(2).get<std::string>()));
    }
    out += (key[0] == 'i' ? "  " : "  -> ") + list;
  }
  return out;
}

std::string short_name(const std::string& name, const std::string& around) {
  return name.starts_with(around + ".") ? name.substr(around.size() + 1) : name;
}

std::string sources_text(
    const Json& call, const Json& siblings, const std::string& around) {
  std::string out;
  for (const Json& from : call.value("from", Json::array())) {
    std::string name = "caller";
    if (from.is_number()) {
      const Json& sibling = siblings.at(from.get<std::size_t>());
      name = sibling.contains("loop") ? "loop"
                                      : short_name(sibling.at("name"), around);
    } else if (siblings.size() < 2) {
      continue; // a lone call has nothing else to take from
    }
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

std::filesystem::path Map::path(
    const Project& project, const std::string& model) {
  return project.folder(model) / "map.json";
}

Map Map::load(const Project& project, const Reference& reference) {
  const auto path = Map::path(project, reference.model);
  const std::string again =
      fmt::format("run `portproof map {} --record`", reference.model);
  if (!std::filesystem::exists(path)) {
    throw ConfigError(
        fmt::format("[portproof] {} does not exist: {}", path.string(), again));
  }
  Map map{mlxaudio::read_json(path)};
  try {
    if (map.json.at("sha256").get<std::string>() != content_hash(map.json)) {
      throw ConfigError(fmt::format(
          "[portproof] {} was edited by hand: {}",
          path.string(),
          again));
    }
    for (const auto& [key, one] : map.json.at("references").items()) {
      const auto p = std::find_if(
          reference.packages.begin(),
          reference.packages.end(),
          [&k = key](const Package& package) { return package.key == k; });
      if (p == reference.packages.end() ||
          p->sha256 != one.at("sha256").get<std::string>()) {
        throw ConfigError(fmt::format(
            "[portproof] {} was made from another `{}` than reference.toml "
            "names: {}",
            path.string(),
            key,
            again));
      }
      one.at("modules").at("count").get<std::int64_t>();
      one.at("calls").at(0);
    }
  } catch (const Json::exception& e) {
    throw ConfigError(fmt::format(
        "[portproof] {} is malformed ({}): {}",
        path.string(),
        e.what(),
        again));
  }
  return map;
}

std::string sealed_map(Json json) {
  json.erase("sha256");
  Json sealed = {{"sha256", content_hash(json)}};
  sealed.update(json);
  std::string out;
  write(sealed, 0, out);
  return out + '\n';
}

std::string map_text(const Map& map, const MapView& view) {
  std::string out;
  const std::string about = map.json.value("about", "");
  bool any = false;
  for (const auto& [key, one] : map.json.at("references").items()) {
    if (!view.reference.empty() && view.reference != key) {
      continue;
    }
    any = true;
    out += fmt::format(
        "{}{}: {} {}, {} parameters\n\nModules\n",
        out.empty() ? "" : "\n",
        key,
        one.at("package").get<std::string>(),
        one.at("version").get<std::string>(),
        grouped(one.at("modules").at("count").get<std::int64_t>()));
    modules_text(one.at("modules"), 0, view.depth, out);
    out +=
        fmt::format("\nCalls, in order{}\n", about.empty() ? "" : ": " + about);
    CallsText calls{view, out};
    calls.list(one.at("calls"), 0, {});
    if (calls.left_out > 0) {
      out += fmt::format(
          "  ({} without arrays are left out; --all shows them)\n",
          calls.left_out);
    }
  }
  if (!any) {
    throw ConfigError(fmt::format(
        "[portproof] the map has no reference `{}`",
        view.reference));
  }
  return out;
}

} // namespace portproof
