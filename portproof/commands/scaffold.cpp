// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/inventory.h"
#include "portproof/map.h"
#include "portproof/outline.h"
#include "portproof/reference.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;
namespace fs = std::filesystem;

struct ScaffoldArguments {
  std::string model, component, file, out, language = "c++";
};

/// Components of the request, in the reference's order, all of one file.
std::vector<const Component*> wanted(
    const Inventory& inventory, const ScaffoldArguments& o) {
  std::vector<const Component*> out;
  for (const Component& c : inventory.components) {
    const bool by_file = !o.file.empty() && c.file == o.file;
    const bool by_name =
        !o.component.empty() &&
        (matches(o.component, c.name) || c.name.ends_with("." + o.component));
    if (by_file || by_name) {
      out.push_back(&c);
    }
  }
  if (out.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] `{}` names no component; porting-progress.md lists them",
        o.file.empty() ? o.component : o.file));
  }
  for (const Component* c : out) {
    if (c->file != out.front()->file) {
      throw ConfigError(fmt::format(
          "[portproof] `{}` names components of {} and {}: name one file's",
          o.component,
          out.front()->file,
          c->file));
    }
  }
  return out;
}

int run_scaffold(const Commands& commands, const ScaffoldArguments& o) {
  if (o.component.empty() == o.file.empty()) {
    throw ConfigError(
        "[portproof] name a component, or a file of the reference with --file");
  }
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  const Inventory inventory = Inventory::load(project, reference);
  Json map = Json::object();
  if (fs::exists(Map::path(project, o.model))) {
    map = Map::load(project, reference).json;
  }
  std::vector<Outline> parts;
  for (const Component* c : wanted(inventory, o)) {
    if (reference.waiver(c->name) == nullptr) {
      parts.push_back(outline(*c, inventory, map));
    }
  }
  if (parts.empty()) {
    throw ConfigError(
        "[portproof] all of it is waived in reference.toml: nothing to port");
  }
  const std::vector<Skeleton> files = scaffold(reference, parts, o.language);
  if (o.out.empty()) {
    for (const Skeleton& file : files) {
      fmt::print("==> {} <==\n{}\n", file.path, file.text);
    }
    return 0;
  }
  for (const Skeleton& file : files) {
    if (fs::exists(fs::path(o.out) / file.path)) {
      throw ConfigError(fmt::format(
          "[portproof] {} exists already: give --out another folder",
          (fs::path(o.out) / file.path).string()));
    }
  }
  for (const Skeleton& file : files) {
    const fs::path path = fs::path(o.out) / file.path;
    fs::create_directories(path.parent_path());
    mlxaudio::write_file(path, file.text);
    fmt::print("wrote {}\n", path.string());
  }
  return 0;
}

} // namespace

void add_scaffold(Commands& commands) {
  const auto o = std::make_shared<ScaffoldArguments>();
  CLI::App& command = commands.add(
      "scaffold",
      "write a skeleton that does not compile until it is filled in",
      [&commands, o] { return run_scaffold(commands, *o); });
  add_model(command, o->model);
  command.add_option(
      "COMPONENT",
      o->component,
      "a component, or the last part of its name; `*` matches");
  command.add_option("--file", o->file, "all of a file of the reference");
  command.add_option("--out", o->out, "folder to write to (else printed)");
  command.add_option("--language", o->language, "c++ or python");
}

} // namespace portproof
