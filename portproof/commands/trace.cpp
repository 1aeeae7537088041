// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/costs.h"
#include "portproof/inventory.h"
#include "portproof/port.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"
#include "portproof/scratch_folder.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::ErrorCode;
using mlxaudio::read_file;
using mlxaudio::read_json;
using mlxaudio::write_file;
namespace fs = std::filesystem;

struct TraceArguments {
  std::string model, work, component = "*", build, program;
  int round = 1;
  bool costs = false;
};

/// Measures the references, then the port, on the calls that are recorded.
int measure(const Project& project, const TraceArguments& o) {
  const std::filesystem::path build = build_folder(project, o.build);
  const Port port(project, o.model, build, o.component);
  const ProbeProgram program = ProbeProgram::open(
      probe_command(project, port.reference, build, o.program));
  const Workplace work = Workplace::of(o.model, o.work);
  const std::string python = work.python();
  const ScratchFolder scratch;
  const fs::path out = scratch.path() / "costs.json";
  run_recorder(
      python,
      "trace.py",
      {"--reference",
       port.reference.path.string(),
       "--work",
       work.folder.string(),
       "--out",
       scratch.path().string(),
       "--component",
       o.component,
       "--costs",
       out.string()});
  const std::vector<std::string> missing =
      write_costs(port, program, read_json(out));
  const Costs costs(port);
  fmt::print("{}{}\n", cost_table(costs), costs.about());
  for (const std::string& line : missing) {
    fmt::print(stderr, "[portproof] not measured: {}\n", line);
  }
  return missing.empty() ? 0 : 1;
}

int run_trace(const Commands& commands, const TraceArguments& o) {
  const Project project = commands.project();
  if (o.costs) {
    return measure(project, o);
  }
  const Reference reference = Reference::load(project, o.model);
  const Inventory inventory = Inventory::load(project, reference);
  const Workplace work = Workplace::of(o.model, o.work);
  const std::string python = work.python();
  const fs::path scratch = work.folder / "goldens";
  fs::remove_all(scratch);
  run_recorder(
      python,
      "trace.py",
      {"--reference",
       reference.path.string(),
       "--work",
       work.folder.string(),
       "--out",
       scratch.string(),
       "--component",
       o.component,
       "--round",
       fmt::format("{}", o.round)});
  // All were recorded: put them in their place, each manifest last.
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(scratch)) {
    if (entry.path().extension() == ".json") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (inventory.find(name) == nullptr) {
      throw ConfigError(fmt::format(
          "[portproof] calls were recorded of {}, which is no component: "
          "correct [trace] `calls`",
          name));
    }
  }
  const fs::path goldens = round_goldens(
      reference.calls_in_workplace ? work.folder / "recorded"
                                   : golden_folder(project, reference),
      o.round);
  fs::create_directories(goldens);
  for (const std::string& name : names) {
    const fs::path arrays = goldens / (name + ".safetensors");
    const fs::path recorded = scratch / (name + ".safetensors");
    if (fs::exists(recorded)) {
      write_file(arrays, read_file(recorded, ErrorCode::config));
    } else {
      fs::remove(arrays);
    }
    write_file(
        goldens / (name + ".json"),
        seal(read_json(scratch / (name + ".json"))));
  }
  return 0;
}

} // namespace

void add_trace(Commands& commands) {
  const auto o = std::make_shared<TraceArguments>();
  CLI::App& command = commands.add(
      "trace",
      "record what the references compute",
      [&commands, o] { return run_trace(commands, *o); });
  add_model(command, o->model);
  add_workplace(command, o->work);
  command.add_option("--component", o->component, "only these; `*` matches");
  CLI::Option* costs = command.add_flag(
      "--costs",
      o->costs,
      "measure what the recorded calls cost, there and in the port; record "
      "nothing");
  command.add_option("--build", o->build, "build folder, for --costs")
      ->needs(costs);
  command
      .add_option(
          "--program",
          o->program,
          "the program of probes itself, for --costs")
      ->needs(costs);
  command
      .add_option(
          "--round",
          o->round,
          "calls with other random inputs, for a later round")
      ->excludes(costs)
      ->check(CLI::Range(1, 99));
}

} // namespace portproof
