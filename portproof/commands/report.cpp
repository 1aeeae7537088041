// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "portproof/commands/commands.h"
#include "portproof/inventory.h"
#include "portproof/map.h"
#include "portproof/port.h"
#include "portproof/recorder.h"
#include "portproof/report.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;

struct ReportArguments {
  std::string model, build, work, out;
};

int run_report(const Commands& commands, const ReportArguments& o) {
  const Project project = commands.project();
  const Port port(project, o.model, build_folder(project, o.build));
  // Tags of the project's other models are no mistakes here.
  std::vector<Inventory> inventories;
  for (const std::string& other : project.models()) {
    if (other != o.model) {
      inventories.push_back(
          Inventory::load(project, Reference::load(project, other)));
    }
  }
  std::vector<const Inventory*> others;
  for (const Inventory& other : inventories) {
    others.push_back(&other);
  }
  mlxaudio::Json map = mlxaudio::Json::object();
  if (fs::exists(Map::path(project, o.model))) {
    map = Map::load(project, port.reference).json;
  }
  mlxaudio::write_file(
      o.out,
      report_html(port, others, map, Workplace::of(o.model, o.work)));
  fmt::print("wrote {}\n", o.out);
  return 0;
}

} // namespace

void add_report(Commands& commands) {
  const auto o = std::make_shared<ReportArguments>();
  CLI::App& command =
      commands.add("report", "write one page about a port", [&commands, o] {
        return run_report(commands, *o);
      });
  add_model(command, o->model);
  add_workplace(command, o->work);
  command.add_option("--build", o->build, "build folder");
  command.add_option("--out", o->out, "the HTML file")->required();
}

} // namespace portproof
