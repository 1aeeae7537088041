// SPDX-License-Identifier: MIT
#include "portproof/gate.h"
#include "portproof/recorder.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;
namespace fs = std::filesystem;

struct GateArguments {
  std::string model, build, program;
  bool environments = false;
  bool json = false;
};

void print(const Check& check) {
  constexpr std::size_t kMost = 20;
  fmt::print(
      "{}  {}{}: {}\n",
      !check.ok   ? "RED "
      : check.run ? "ok  "
                  : "AWAY",
      check.model.empty() ? "" : check.model + ": ",
      check.name,
      check.text);
  if (check.ok) {
    return;
  }
  for (std::size_t i = 0; i < check.details.size() && i < kMost; ++i) {
    fmt::print("        {}\n", check.details[i]);
  }
  if (check.details.size() > kMost) {
    fmt::print("        and {} more\n", check.details.size() - kMost);
  }
  std::fflush(stdout);
}

int run_gate(const Commands& commands, const GateArguments& o) {
  const Project project = commands.project();
  const fs::path build = build_folder(project, o.build);
  Progress progress = Progress::of(project, build);
  const auto told = [&](const Port& port) {
    return o.model.empty() || port.reference.model == o.model;
  };
  if (std::none_of(progress.ports.begin(), progress.ports.end(), told)) {
    throw ConfigError(
        o.model.empty()
            ? fmt::format(
                  "[portproof] {} holds no model with a reference.toml",
                  (project.root / "port").string())
            : fmt::format(
                  "[portproof] {} does not exist: run `portproof init {}`",
                  (project.folder(o.model) / "reference.toml").string(),
                  o.model));
  }
  std::vector<Check> checks;
  for (Port& port : progress.ports) {
    if (!told(port)) {
      continue;
    }
    const std::vector<Check> own = gate_checks(
        port,
        progress.others(port),
        {.command = probe_command(project, port.reference, build, o.program),
         .environments = o.environments,
         .progress = [](const std::string& what) {
           fmt::print(stderr, "{} ...\n", what);
         }});
    checks.insert(checks.end(), own.begin(), own.end());
  }
  checks.push_back(document_check(project, progress));
  const bool ok = std::all_of(checks.begin(), checks.end(), [](const Check& c) {
    return c.ok;
  });
  if (o.json) {
    Json out = {{"ok", ok}, {"checks", Json::array()}};
    for (const Check& c : checks) {
      out["checks"].push_back(c.json());
    }
    fmt::print("{}\n", out.dump(1));
  } else {
    for (const Check& c : checks) {
      print(c);
    }
    if (std::any_of(checks.begin(), checks.end(), [](const Check& c) {
          return !c.run;
        })) {
      fmt::print(
          "\nNot everything was run on this machine: what AWAY names is "
          "vouched "
          "for by evidence of another.\n");
    }
  }
  return ok ? 0 : 1;
}

} // namespace

void add_gate(Commands& commands) {
  const auto o = std::make_shared<GateArguments>();
  CLI::App& command = commands.add(
      "gate",
      "check all that a port must have; for CI",
      [&commands, o] { return run_gate(commands, *o); });
  command.add_option("MODEL", o->model, "folder below port/; else all");
  command.add_option("--build", o->build, "build folder with the probes");
  command.add_option("--program", o->program, "the program of probes itself");
  command.add_flag(
      "--environments",
      o->environments,
      "run the calls in the last round's other environments too");
  command.add_flag("--json", o->json, "for programs");
}

} // namespace portproof
