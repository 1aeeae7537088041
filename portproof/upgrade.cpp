// SPDX-License-Identifier: MIT
#include "portproof/upgrade.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

std::string text_of(const Json& object, const char* key) {
  return object.value(key, std::string());
}

/// How one item of a component (an option, a constant, a field, a method)
/// reads: its value, type or signature.
std::string reading(const Json& item) {
  for (const char* key : {"value", "signature", "type"}) {
    if (item.contains(key)) {
      return item.at(key).get<std::string>();
    }
  }
  return "";
}

std::string said(const Json& item) {
  const std::string value = reading(item);
  return fmt::format(
      "{} {}{}{}",
      text_of(item, "kind"),
      text_of(item, "name"),
      value.empty() || value.front() == '(' ? "" : " = ",
      value);
}

std::map<std::string, Json> items_of(const Json& row) {
  std::map<std::string, Json> out;
  for (const Json& item : row.at("items")) {
    out.emplace(text_of(item, "kind") + " " + text_of(item, "name"), item);
  }
  return out;
}

std::vector<std::string> details_of(const Json& before, const Json& after) {
  std::vector<std::string> out;
  if (before.value("bases", Json()) != after.value("bases", Json())) {
    out.push_back(fmt::format(
        "bases: {} -> {}",
        before.value("bases", Json()).dump(),
        after.value("bases", Json()).dump()));
  }
  const auto had = items_of(before);
  const auto has = items_of(after);
  for (const auto& [key, item] : has) {
    const auto it = had.find(key);
    if (it == had.end()) {
      out.push_back("new: " + said(item));
    } else if (reading(it->second) != reading(item)) {
      out.push_back(
          fmt::format("{}: {} -> {}", key, reading(it->second), reading(item)));
    }
  }
  for (const auto& [key, item] : had) {
    if (!has.contains(key)) {
      out.push_back("gone: " + said(item));
    }
  }
  // Long, so only where the options do not say it already.
  const std::string old = text_of(before, "signature");
  const std::string now = text_of(after, "signature");
  if (old != now && out.empty()) {
    out.push_back(fmt::format("signature: {} -> {}", old, now));
  }
  return out;
}

std::vector<std::string> only_in(const Json& one, const Json& other) {
  std::set<std::string> there;
  for (const Json& name : other) {
    there.insert(name.get<std::string>());
  }
  std::vector<std::string> out;
  for (const Json& name : one) {
    if (!there.contains(name.get<std::string>())) {
      out.push_back(name.get<std::string>());
    }
  }
  return out;
}

/// A component that went and one that came with the same code are one that
/// moved.
void find_moves(
    std::vector<VersionChange>& changes,
    const std::map<std::string, Json>& before,
    const std::map<std::string, Json>& after) {
  const auto last = [](const std::string& name) {
    return name.substr(name.rfind('.') + 1);
  };
  for (VersionChange& came : changes) {
    if (came.kind != VersionChange::Kind::added) {
      continue;
    }
    const auto gone = std::find_if(
        changes.begin(),
        changes.end(),
        [&](const VersionChange& c) {
          return c.kind == VersionChange::Kind::removed &&
                 last(c.name) == last(came.name) &&
                 text_of(before.at(c.name), "code") ==
                     text_of(after.at(came.name), "code");
        });
    if (gone != changes.end()) {
      came.kind = VersionChange::Kind::moved;
      came.details = {"was " + gone->name};
      gone->kind = VersionChange::Kind::moved;
      gone->details.clear(); // told once
    }
  }
  std::erase_if(changes, [](const VersionChange& c) {
    return c.kind == VersionChange::Kind::moved && c.details.empty();
  });
}

} // namespace

Upgrade compare_versions(const Json& listed) {
  Upgrade u;
  try {
    u.package = listed.at("package");
    const Json& from = listed.at("from");
    const Json& to = listed.at("to");
    u.from = from.at("version");
    u.to = to.at("version");
    u.files_added = only_in(to.at("files"), from.at("files"));
    u.files_removed = only_in(from.at("files"), to.at("files"));
    for (const auto& [name, hash] : to.at("data").items()) {
      const auto it = from.at("data").find(name);
      if (it == from.at("data").end() || *it != hash) {
        u.data_changed.push_back(name);
      }
    }
    for (const auto& [name, hash] : from.at("data").items()) {
      if (!to.at("data").contains(name)) {
        u.data_changed.push_back(name);
      }
    }
    std::map<std::string, Json> before;
    std::map<std::string, Json> after;
    for (const Json& row : from.at("components")) {
      before.emplace(row.at("name").get<std::string>(), row);
    }
    for (const Json& row : to.at("components")) {
      after.emplace(row.at("name").get<std::string>(), row);
    }
    for (const Json& row : to.at("components")) {
      const std::string name = row.at("name");
      const auto it = before.find(name);
      if (it == before.end()) {
        u.changes.push_back({VersionChange::Kind::added, name, {}});
        continue;
      }
      if (it->second.at("sha256") == row.at("sha256")) {
        ++u.same;
        continue;
      }
      VersionChange change{
          VersionChange::Kind::code,
          name,
          details_of(it->second, row)};
      if (it->second.at("code") == row.at("code")) {
        change.kind = VersionChange::Kind::text;
      }
      u.changes.push_back(std::move(change));
    }
    for (const Json& row : from.at("components")) {
      const std::string name = row.at("name");
      if (!after.contains(name)) {
        u.changes.push_back({VersionChange::Kind::removed, name, {}});
      }
    }
    find_moves(u.changes, before, after);
  } catch (const Json::exception& e) {
    throw ConfigError(fmt::format(
        "[portproof] the list of two versions is malformed: {}",
        e.what()));
  }
  return u;
}

const char* name_of(VersionChange::Kind kind) {
  switch (kind) {
    case VersionChange::Kind::added:
      return "new";
    case VersionChange::Kind::removed:
      return "gone";
    case VersionChange::Kind::code:
      return "code";
    case VersionChange::Kind::text:
      return "text";
    case VersionChange::Kind::moved:
      return "moved";
  }
  return "";
}

Json to_json(const Upgrade& upgrade) {
  Json changes = Json::array();
  for (const VersionChange& c : upgrade.changes) {
    changes.push_back(
        {{"name", c.name}, {"kind", name_of(c.kind)}, {"details", c.details}});
  }
  return {
      {"package", upgrade.package},
      {"from", upgrade.from},
      {"to", upgrade.to},
      {"same", upgrade.same},
      {"changes", changes},
      {"files_added", upgrade.files_added},
      {"files_removed", upgrade.files_removed},
      {"data_changed", upgrade.data_changed}};
}

} // namespace portproof
