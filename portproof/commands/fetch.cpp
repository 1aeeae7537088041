// SPDX-License-Identifier: MIT
#include <memory>
#include <string>
#include <vector>

#include "portproof/commands/commands.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"

namespace portproof {
namespace {

struct FetchArguments {
  std::string model, work, env, python;
  std::vector<std::string> find_links;
  bool no_env = false;
};

int run_fetch(const Commands& commands, const FetchArguments& o) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  const Workplace work = Workplace::of(o.model, o.work);
  std::vector<std::string> arguments = {
      "--reference",
      reference.path.string(),
      "--work",
      work.folder.string()};
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

} // namespace

void add_fetch(Commands& commands) {
  const auto o = std::make_shared<FetchArguments>();
  CLI::App& command = commands.add(
      "fetch",
      "get the references and their environment",
      [&commands, o] { return run_fetch(commands, *o); });
  add_model(command, o->model);
  add_workplace(command, o->work);
  command.add_option(
      "--env",
      o->env,
      "an environment that exists, not a new one");
  command.add_option(
      "--python",
      o->python,
      "interpreter for a new environment");
  command.add_option("--find-links", o->find_links, "folders with archives");
  command.add_flag("--no-env", o->no_env, "only the sources");
}

} // namespace portproof
