// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "portproof/reference.h"

namespace portproof {

/// The program's command line. Each command lives in a file of its own here,
/// which adds its name and its options and says what they do.
class Commands {
 public:
  Commands();

  /// Adds a command. \param action runs once the whole line was read; gives
  /// the exit code
  CLI::App& add(
      const std::string& name,
      const std::string& help,
      std::function<int()> action);

  /// The project that the line means: `--root`, else the nearest one upwards.
  /// \throws ConfigError
  Project project() const;
  const std::string& root() const {
    return root_;
  }

  /// Reads the line and does what it says. \return the exit code
  int run(int argc, char** argv);

 private:
  CLI::App app_;
  std::string root_;
  std::map<CLI::App*, std::function<int()>> actions_;
};

/// Adds the positional argument that names the port.
void add_model(CLI::App& command, std::string& model);
/// Adds `--dir`, the folder of the references' checkout and environment.
void add_workplace(CLI::App& command, std::string& folder);

/// Writes what a command makes or, to check it, compares that with what there
/// is.
/// \param of what it is made from, as in "not what the references give"
/// \param command makes it
/// \throws ConfigError if it is checked and differs
void write_or_check(
    const std::filesystem::path& path,
    const std::string& text,
    bool check,
    const std::string& of,
    const std::string& command);

void add_init(Commands& commands);
void add_fetch(Commands& commands);
void add_map(Commands& commands);
void add_inventory(Commands& commands);
void add_scaffold(Commands& commands);
void add_audit(Commands& commands);
void add_trace(Commands& commands);
void add_verify(Commands& commands);
void add_bisect(Commands& commands);
void add_review(Commands& commands);
void add_round(Commands& commands);
void add_followup(Commands& commands);
void add_mutate(Commands& commands);
void add_status(Commands& commands);
void add_gate(Commands& commands);
void add_next(Commands& commands);
void add_upgrade(Commands& commands);
void add_tests(Commands& commands);
void add_report(Commands& commands);
void add_stamp(Commands& commands);

} // namespace portproof
