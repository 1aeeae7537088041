// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "portproof/commands/commands.h"
#include "portproof/inventory.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"

namespace portproof {
namespace {

struct InventoryArguments {
  std::string model, work;
  bool check = false;
};

int run_inventory(const Commands& commands, const InventoryArguments& o) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  const Workplace work = Workplace::of(o.model, o.work);
  const std::string text =
      seal(listed_by_recorder(reference, work, "inventory"));
  const std::filesystem::path path = project.folder(o.model) / "inventory.json";
  write_or_check(
      path,
      text,
      o.check,
      "the references give",
      "inventory " + o.model);
  if (o.check) {
    fmt::print("{} is what the references give\n", path.string());
    return 0;
  }
  const Inventory inventory = Inventory::load(project, reference);
  fmt::print("{}: {} components\n", path.string(), inventory.components.size());
  return 0;
}

} // namespace

void add_inventory(Commands& commands) {
  const auto o = std::make_shared<InventoryArguments>();
  CLI::App& command = commands.add(
      "inventory",
      "list every component of the references",
      [&commands, o] { return run_inventory(commands, *o); });
  add_model(command, o->model);
  add_workplace(command, o->work);
  command.add_flag("--check", o->check, "fail if the committed list differs");
}

} // namespace portproof
