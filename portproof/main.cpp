// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/inventory.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"
#include "portproof/status.h"

namespace {

using namespace portproof;

struct Options {
  std::string root, model, work, env, python, build, component;
  std::vector<std::string> find_links;
  bool check = false, no_env = false;
};

Project project_of(const Options& o) {
  return o.root.empty() ? Project::find(std::filesystem::current_path())
                        : Project{std::filesystem::absolute(o.root)};
}

int do_init(const Options& o) {
  const Project project{
      o.root.empty() ? std::filesystem::current_path()
                     : std::filesystem::absolute(o.root)};
  const auto path = init(project, o.model);
  fmt::print("wrote {}: fill it in, then `portproof fetch {}`\n",
             path.string(), o.model);
  return 0;
}

int do_fetch(const Options& o) {
  const Project project = project_of(o);
  const Reference reference = Reference::load(project, o.model);
  const Workplace work = Workplace::of(o.model, o.work);
  std::vector<std::string> arguments = {
      "--reference", reference.path.string(), "--work", work.folder.string()};
  if (!o.env.empty()) {
    arguments.insert(arguments.end(), {"--env", o.env});
  }
  if (!o.python.empty()) {
    arguments.insert(arguments.end(), {"--python", o.python});
  }
  for (const std::string& folder : o.find_links) {
    arguments.insert(arguments.end(), {"--find-links", folder});
  }
  if (o.no_env) {
    arguments.push_back("--no-env");
  }
  run_recorder("python3", "fetch.py", arguments);
  return 0;
}

int do_inventory(const Options& o) {
  const Project project = project_of(o);
  const Reference reference = Reference::load(project, o.model);
  const Workplace work = Workplace::of(o.model, o.work);
  const auto scratch = work.folder / "inventory.json";
  run_recorder(
      work.python(),
      "inventory.py",
      {"--reference",
       reference.path.string(),
       "--work",
       work.folder.string(),
       "--out",
       scratch.string()});
  const std::string text = seal(mlxaudio::read_json(scratch));
  const auto path = project.folder(o.model) / "inventory.json";
  if (o.check) {
    const bool same = std::filesystem::exists(path) &&
        mlxaudio::read_file(path, mlxaudio::ErrorCode::config) == text;
    if (!same) {
      throw mlxaudio::ConfigError(
          fmt::format(
              "[portproof] {} is not what the references give: run `portproof "
              "inventory {}`",
              path.string(),
              o.model));
    }
    fmt::print("{} is what the references give\n", path.string());
    return 0;
  }
  mlxaudio::write_file(path, text);
  const Inventory inventory = Inventory::load(project, reference);
  fmt::print(
      "{}: {} components\n", path.string(), inventory.components.size());
  return 0;
}

int do_status(const Options& o) {
  const Project project = project_of(o);
  std::vector<Section> sections;
  for (const std::string& model : project.models()) {
    Section s;
    s.reference = Reference::load(project, model);
    s.inventory = Inventory::load(project, s.reference);
    for (const std::string& rule : idle_rules(s.reference, s.inventory)) {
      s.wrong.push_back(
          fmt::format("`{}` in reference.toml matches no component", rule));
    }
    sections.push_back(std::move(s));
  }
  mlxaudio::write_file(project.document(), document(sections));
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"portproof: lists what a port must have and proves what it does"};
  Options o;
  app.add_option("--root", o.root, "the project's folder");
  app.require_subcommand(1);
  auto* cmd_init = app.add_subcommand("init", "begin port/MODEL");
  cmd_init->add_option("model", o.model)->required();
  auto* cmd_fetch = app.add_subcommand("fetch", "get the references");
  cmd_fetch->add_option("model", o.model)->required();
  cmd_fetch->add_option("--dir", o.work);
  cmd_fetch->add_option("--env", o.env);
  cmd_fetch->add_option("--python", o.python);
  cmd_fetch->add_option("--find-links", o.find_links);
  cmd_fetch->add_flag("--no-env", o.no_env);
  auto* cmd_inventory = app.add_subcommand("inventory", "list the components");
  cmd_inventory->add_option("model", o.model)->required();
  cmd_inventory->add_option("--dir", o.work);
  cmd_inventory->add_flag("--check", o.check);
  auto* cmd_status = app.add_subcommand("status", "write the document");
  cmd_status->add_flag("--check", o.check);
  CLI11_PARSE(app, argc, argv);
  try {
    if (cmd_init->parsed()) {
      return do_init(o);
    }
    if (cmd_fetch->parsed()) {
      return do_fetch(o);
    }
    if (cmd_inventory->parsed()) {
      return do_inventory(o);
    }
    return do_status(o);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
