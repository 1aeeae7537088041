// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "portproof/commands/commands.h"
#include "portproof/map.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"

namespace portproof {
namespace {

struct MapArguments {
  std::string model, work, svg, html;
  MapView view;
  bool record = false, check = false, json = false;
};

void record(
    const Project& project, const Reference& reference, const MapArguments& o) {
  const Workplace work = Workplace::of(o.model, o.work);
  const std::string text =
      sealed_map(listed_by_recorder(reference, work, "map"));
  const std::filesystem::path path = Map::path(project, o.model);
  write_or_check(
      path,
      text,
      o.check,
      "the references give",
      "map " + o.model + " --record");
  fmt::print(
      "{}{}{}\n",
      o.check ? "" : "wrote ",
      path.string(),
      o.check ? " is what the references give" : "");
}

int run_map(const Commands& commands, const MapArguments& o) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  if (o.record || o.check) {
    record(project, reference, o);
    if (o.check) {
      return 0;
    }
  }
  const Map map = Map::load(project, reference);
  if (!o.svg.empty()) {
    const std::string key =
        o.view.reference.empty() ? reference.deciding().key : o.view.reference;
    mlxaudio::write_file(o.svg, map_svg(map, key, o.view.depth, true));
    fmt::print("wrote {}\n", o.svg);
  }
  if (!o.html.empty()) {
    mlxaudio::write_file(o.html, map_html(map, o.view));
    fmt::print("wrote {}\n", o.html);
  }
  if (o.json) {
    fmt::print("{}\n", map.json.dump(1));
  } else if (o.svg.empty() && o.html.empty() && !o.record) {
    fmt::print("{}", map_text(map, o.view));
  }
  return 0;
}

} // namespace

void add_map(Commands& commands) {
  const auto o = std::make_shared<MapArguments>();
  CLI::App& command = commands.add(
      "map",
      "show the references' modules, calls and data flow",
      [&commands, o] { return run_map(commands, *o); });
  add_model(command, o->model);
  add_workplace(command, o->work);
  command.add_flag(
      "--record",
      o->record,
      "run the references and write map.json");
  command.add_flag(
      "--check",
      o->check,
      "run the references; fail if the committed map differs");
  command.add_option("--reference", o->view.reference, "only this one, by key");
  command.add_option("--depth", o->view.depth, "levels of modules and calls")
      ->check(CLI::Range(1, 99));
  command.add_flag("--all", o->view.all, "calls without arrays too");
  command.add_option("--svg", o->svg, "write a drawing of the calls");
  command.add_option("--html", o->html, "write a page with all of it");
  command.add_flag("--json", o->json, "the map as it was recorded");
}

} // namespace portproof
