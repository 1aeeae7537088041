// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/inventory.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::ErrorCode;
using mlxaudio::read_file;
using mlxaudio::read_json;
using mlxaudio::write_file;
namespace fs = std::filesystem;

struct Options {
  std::string model, work;
  bool check = false;
};

int run(const Commands& commands, const Options& o) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  const Workplace work = Workplace::of(o.model, o.work);
  const fs::path scratch = work.folder / "inventory.json";
  run_recorder(
      work.python(),
      "inventory.py",
      {"--reference",
       reference.path.string(),
       "--work",
       work.folder.string(),
       "--out",
       scratch.string()});
  const std::string text = seal(read_json(scratch));
  const fs::path path = project.folder(o.model) / "inventory.json";
  if (o.check) {
    const bool same =
        fs::exists(path) && read_file(path, ErrorCode::config) == text;
    if (!same) {
      throw ConfigError(fmt::format(
          "[portproof] {} is not what the references give: run `portproof "
          "inventory {}`",
          path.string(),
          o.model));
    }
    fmt::print("{} is what the references give\n", path.string());
    return 0;
  }
  write_file(path, text);
  const Inventory inventory = Inventory::load(project, reference);
  fmt::print("{}: {} components\n", path.string(), inventory.components.size());
  return 0;
}

} // namespace

void add_inventory(Commands& commands) {
  const auto o = std::make_shared<Options>();
  CLI::App& command = commands.add(
      "inventory",
      "list every component of the references",
      [&commands, o] { return run(commands, *o); });
  add_model(command, o->model);
  add_workplace(command, o->work);
  command.add_flag("--check", o->check, "fail if the committed list differs");
}

} // namespace portproof
