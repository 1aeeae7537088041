// SPDX-License-Identifier: MIT
#include "portproof/next.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/port.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;

struct NextArguments {
  std::string model, build, work;
  bool json = false;
};

/// The project, which need not have a `port` folder yet.
fs::path root_of(const Commands& commands) {
  try {
    return commands.project().root;
  } catch (const mlxaudio::ConfigError&) {
    return fs::current_path();
  }
}

NextStep next_of(const Commands& commands, const NextArguments& o) {
  const Project project{root_of(commands)};
  const fs::path build = build_folder(project, o.build);
  std::vector<std::string> models;
  if (!o.model.empty()) {
    models = {o.model};
  } else if (fs::is_directory(project.root / "port")) {
    models = project.models();
  }
  NextStep next = next_step(project.root, "", build, Workplace{});
  for (const std::string& model : models) {
    next = next_step(project.root, model, build, Workplace::of(model, o.work));
    if (!next.done) {
      break; // the first model that is not finished
    }
  }
  return next;
}

int run_next(const Commands& commands, const NextArguments& o) {
  const NextStep next = next_of(commands, o);
  if (o.json) {
    fmt::print("{}\n", next.json().dump(1));
    return 0;
  }
  if (!next.model.empty()) {
    fmt::print("{}, ", next.model);
  }
  fmt::print("step {}: {}\n{}\n", next.step, next.title, next.why);
  if (!next.component.empty()) {
    fmt::print("component: {}\n", next.component);
  }
  if (!next.edit.empty()) {
    fmt::print("write:     {}\n", next.edit);
  }
  fmt::print("run:       {}\n", next.command);
  return 0;
}

} // namespace

void add_next(Commands& commands) {
  const auto o = std::make_shared<NextArguments>();
  CLI::App& command = commands.add(
      "next",
      "say what the next step is here, why, and its command",
      [&commands, o] { return run_next(commands, *o); });
  command.add_option("MODEL", o->model, "folder below port/");
  command.add_option("--build", o->build, "build folder");
  add_workplace(command, o->work);
  command.add_flag("--json", o->json, "for programs");
}

} // namespace portproof
