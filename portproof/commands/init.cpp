// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "portproof/commands/commands.h"
#include "portproof/reference.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;

struct InitArguments {
  std::string model;
};

int run_init(const Commands& commands, const InitArguments& o) {
  const Project project{
      commands.root().empty() ? fs::current_path()
                              : fs::absolute(commands.root())};
  const auto path = init(project, o.model);
  fmt::print(
      "wrote {}\nFill it in, then: portproof fetch {}\n",
      path.string(),
      o.model);
  return 0;
}

} // namespace

void add_init(Commands& commands) {
  const auto o = std::make_shared<InitArguments>();
  CLI::App& command = commands.add(
      "init",
      "begin a port: write port/MODEL/reference.toml",
      [&commands, o] { return run_init(commands, *o); });
  add_model(command, o->model);
}

} // namespace portproof
