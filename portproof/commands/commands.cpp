// SPDX-License-Identifier: MIT
#include "portproof/commands/commands.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"

namespace portproof {

Commands::Commands()
    : app_("portproof: lists what a port must have, and proves what it has") {
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.footer(
      "Steps of a port: init, fetch, inventory, then the port itself with "
      "probes,\nthen trace, verify, three rounds of review, status, gate. "
      "`next` says which one it is.");
  app_.add_option("--root", root_, "the project's folder (else found upwards)");
}

CLI::App& Commands::add(
    const std::string& name,
    const std::string& help,
    std::function<int()> action) {
  CLI::App* command = app_.add_subcommand(name, help);
  actions_[command] = std::move(action);
  return *command;
}

Project Commands::project() const {
  return root_.empty() ? Project::find(std::filesystem::current_path())
                       : Project{std::filesystem::absolute(root_)};
}

int Commands::run(int argc, char** argv) {
  CLI11_PARSE(app_, argc, argv);
  try {
    return actions_.at(app_.get_subcommands().front())();
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}

void add_model(CLI::App& command, std::string& model) {
  command.add_option("MODEL", model, "folder below port/")->required();
}

void add_workplace(CLI::App& command, std::string& folder) {
  command.add_option(
      "--dir",
      folder,
      "where the references are (/tmp/portproof/MODEL)");
}

void write_or_check(
    const std::filesystem::path& path,
    const std::string& text,
    bool check,
    const std::string& of,
    const std::string& command) {
  if (!check) {
    mlxaudio::write_file(path, text);
    return;
  }
  const bool same =
      std::filesystem::exists(path) &&
      mlxaudio::read_file(path, mlxaudio::ErrorCode::config) == text;
  if (!same) {
    throw mlxaudio::ConfigError(fmt::format(
        "[portproof] {} is not what {}: run `portproof {}`",
        path.string(),
        of,
        command));
  }
}

} // namespace portproof
