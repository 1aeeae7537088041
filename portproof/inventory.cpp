// SPDX-License-Identifier: MIT
#include "portproof/inventory.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/rounds.h"
#include "portproof/text.h"
#include "portproof/variants.h"

namespace portproof {

using mlxaudio::ConfigError;
using mlxaudio::Json;

std::string content_hash(Json json) {
  json.erase("sha256");
  return mlxaudio::sha256(json.dump());
}

std::string seal(Json inventory) {
  inventory.erase("sha256");
  Json sealed = {{"sha256", content_hash(inventory)}};
  sealed.update(inventory);
  return sealed.dump(1) + "\n";
}

Inventory Inventory::load(const Project& project, const Reference& reference) {
  const std::filesystem::path path =
      project.folder(reference.model) / "inventory.json";
  if (!std::filesystem::exists(path)) {
    throw ConfigError(fmt::format(
        "[portproof] {} does not exist: run `portproof inventory {}`",
        path.string(),
        reference.model));
  }
  const Json json = mlxaudio::read_json(path);
  Inventory out;
  try {
    out.sha256 = json.at("sha256").get<std::string>();
    if (out.sha256 != content_hash(json)) {
      throw ConfigError(fmt::format(
          "[portproof] {} was edited by hand: make it anew with "
          "`portproof inventory {}`",
          path.string(),
          reference.model));
    }
    out.references = json.at("references");
    for (const Json& row : json.at("components")) {
      Component c;
      c.name = row.at("name");
      c.kind = row.at("kind");
      c.file = row.at("file");
      c.line = row.at("line");
      std::string sources = row.at("sha256");
      for (const Json& other : row.at("counterparts")) {
        sources += '\n' + other.value("sha256", std::string());
        out.counterparts[other.at("name")] = c.name;
      }
      c.sha256 = mlxaudio::sha256(sources);
      for (const Json& item : row.at("items")) {
        c.items.push_back(item.at("name"));
      }
      c.row = row;
      out.components.push_back(std::move(c));
    }
  } catch (const Json::exception& e) {
    throw ConfigError(fmt::format(
        "[portproof] {} is malformed: {}",
        path.string(),
        e.what()));
  }
  for (const Package& p : reference.packages) {
    const auto it = out.references.find(p.key);
    if (it == out.references.end() || it->value("sha256", "") != p.sha256) {
      throw ConfigError(fmt::format(
          "[portproof] {} was made from another {} than reference.toml "
          "names: run `portproof inventory {}`",
          path.string(),
          p.package,
          reference.model));
    }
  }
  return out;
}

const Component* Inventory::find(const std::string& name) const {
  const auto it = std::find_if(
      components.begin(),
      components.end(),
      [&](const Component& c) { return c.name == name; });
  return it == components.end() ? nullptr : &*it;
}

const Component* Inventory::owner(const std::string& tag) const {
  if (const Component* c = find(tag)) {
    return c;
  }
  if (const auto it = counterparts.find(tag); it != counterparts.end()) {
    return find(it->second);
  }
  // An item: the longest prefix that is a row and has the rest as an item.
  for (std::size_t dot = tag.rfind('.'); dot != std::string::npos && dot > 0;
       dot = tag.rfind('.', dot - 1)) {
    const std::string head = tag.substr(0, dot);
    const std::string item = tag.substr(dot + 1);
    const Component* row = find(head);
    if (row != nullptr) {
      const bool has = std::find(row->items.begin(), row->items.end(), item) !=
                       row->items.end();
      return has ? row : nullptr;
    }
    if (const auto it = counterparts.find(head); it != counterparts.end()) {
      row = find(it->second);
      for (const Json& other : row->row.at("counterparts")) {
        const Json names = other.value("items", Json::array());
        if (other.at("name") == head &&
            std::find(names.begin(), names.end(), item) != names.end()) {
          return row;
        }
      }
      return nullptr;
    }
  }
  return nullptr;
}

std::vector<std::string> idle_rules(
    const Reference& reference, const Inventory& inventory) {
  std::vector<std::string> idle;
  const auto look_at = [&](const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
      const bool used = std::any_of(
          inventory.components.begin(),
          inventory.components.end(),
          [&](const Component& c) { return matches(pattern, c.name); });
      if (!used) {
        idle.push_back(pattern);
      }
    }
  };
  for (const auto* rules :
       {&reference.waivers, &reference.stages, &reference.slower}) {
    for (const Rule& rule : *rules) {
      look_at(rule.match);
    }
  }
  for (const Variant& variant : variants_of(reference)) {
    for (const Covered& covered : variant.covers) {
      look_at(covered.match);
    }
  }
  for (int round = 1; round <= rounds_wanted(reference); ++round) {
    for (const auto& [file, patterns] : round_kind(reference, round).calls) {
      look_at(patterns);
    }
  }
  return idle;
}

} // namespace portproof
