// SPDX-License-Identifier: MIT
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/evidence.h"
#include "portproof/inventory.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"
#include "portproof/upgrade.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;
using mlxaudio::read_json;
namespace fs = std::filesystem;

struct UpgradeArguments {
  std::string model, version, from, work;
  std::vector<std::string> find_links;
  bool json = false;
};

/// What the port has of a component that a change concerns.
struct Concern {
  std::string component; ///< its row; empty: not in the inventory
  std::string mark;      ///< "verified", "waived", "not verified", ""
};

Concern concern(
    const VersionChange& change,
    const Reference& reference,
    const Inventory& inventory,
    const EvidenceFile& evidence) {
  const Component* c = inventory.owner(change.name);
  if (c == nullptr) {
    return {};
  }
  if (reference.waiver(c->name) != nullptr) {
    return {c->name, "waived"};
  }
  const Evidence* last = evidence.last(c->name);
  return {c->name, last != nullptr && last->pass ? "verified" : "not verified"};
}

int run_upgrade(const Commands& commands, const UpgradeArguments& o) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  const Inventory inventory = Inventory::load(project, reference);
  const EvidenceFile evidence(project.folder(o.model) / "evidence.jsonl");
  const Workplace work = Workplace::of(o.model, o.work);
  const Package& now = reference.deciding();
  const std::string pinned =
      now.kind == Package::Kind::package ? now.version : now.sha256;
  if (o.version.empty() && o.from.empty()) {
    throw ConfigError(
        "[portproof] upgrade: name the new version, or the old one with "
        "--from");
  }
  const std::string old = o.from.empty() ? pinned : o.from;
  const std::string next = o.version.empty() ? pinned : o.version;
  fs::create_directories(work.folder);
  const fs::path scratch = work.folder / "upgrade.json";
  std::vector<std::string> arguments = {
      "--reference",
      reference.path.string(),
      "--work",
      work.folder.string(),
      "--from",
      old,
      "--to",
      next,
      "--out",
      scratch.string()};
  for (const std::string& folder : o.find_links) {
    arguments.insert(arguments.end(), {"--find-links", folder});
  }
  run_recorder(
      work.fetched() ? work.python() : "python3",
      "upgrade.py",
      arguments);
  const Json listed = read_json(scratch);
  const Upgrade upgrade = compare_versions(listed);

  std::map<std::string, int> counts;
  std::vector<std::string> expire;
  for (const VersionChange& c : upgrade.changes) {
    ++counts[name_of(c.kind)];
    const Concern what = concern(c, reference, inventory, evidence);
    if (what.mark == "verified" && c.kind != VersionChange::Kind::added) {
      expire.push_back(what.component);
    }
  }
  if (o.json) {
    Json json = to_json(upgrade);
    json["marks"] = expire;
    json["archive"] = {
        {"file", listed.at("to").value("file", "")},
        {"sha256", listed.at("to").value("sha256", "")}};
    fmt::print("{}\n", json.dump(1));
    return 0;
  }
  fmt::print(
      "{} {} -> {}: {} new, {} gone, {} moved, {} with other code, {} with "
      "other text only, {} the same\n\n",
      upgrade.package,
      upgrade.from,
      upgrade.to,
      counts["new"],
      counts["gone"],
      counts["moved"],
      counts["code"],
      counts["text"],
      upgrade.same);
  for (const VersionChange& c : upgrade.changes) {
    const Concern what = concern(c, reference, inventory, evidence);
    fmt::print(
        "{:<6} {}{}\n",
        name_of(c.kind),
        c.name,
        what.mark.empty() ? "" : fmt::format("  ({})", what.mark));
    for (const std::string& line : c.details) {
      fmt::print("       {}\n", line);
    }
  }
  for (const std::string& file : upgrade.files_added) {
    fmt::print("new file, not in `sources` unless you add it: {}\n", file);
  }
  for (const std::string& file : upgrade.files_removed) {
    fmt::print("file gone: {}\n", file);
  }
  for (const std::string& file : upgrade.data_changed) {
    fmt::print("data: {}\n", file);
  }
  fmt::print("\n{} marks rest on what changed\n", expire.size());
  if (!o.version.empty() && listed.at("to").contains("file")) {
    fmt::print(
        "To take it: version = \"{}\", file = \"{}\", sha256 = \"{}\" in {}\n",
        upgrade.to,
        listed.at("to").at("file").get<std::string>(),
        listed.at("to").at("sha256").get<std::string>(),
        reference.path.string());
  }
  return 0;
}

} // namespace

void add_upgrade(Commands& commands) {
  const auto o = std::make_shared<UpgradeArguments>();
  CLI::App& command = commands.add(
      "upgrade",
      "what changed between two versions of the deciding reference",
      [&commands, o] { return run_upgrade(commands, *o); });
  add_model(command, o->model);
  command.add_option(
      "VERSION,--to",
      o->version,
      "the new one: a version, commit, archive or folder (else the pinned "
      "one)");
  command.add_option("--from", o->from, "the old one (else the pinned one)");
  add_workplace(command, o->work);
  command.add_option("--find-links", o->find_links, "folders with archives");
  command.add_flag("--json", o->json, "for programs");
}

} // namespace portproof
