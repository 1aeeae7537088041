// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "portproof/port.h"
#include "portproof/scratch_folder.h"

namespace portproof {

/// A copy of a project's sources in which changed ones are built into a
/// program of probes. The project itself, its build folder and its marks stay
/// as they are.
///
/// There are two ways. With `[port] build` in reference.toml that command is
/// run in the copy, so any language will do. Without it, and with a CMake and
/// Ninja build folder, only what the change reaches is compiled, by the
/// folder's own compile commands at -O1, and the program is linked anew from
/// it and the folder's libraries: seconds instead of a build from nothing.
class ScratchBuild {
 public:
  /// Makes the copy. \param build the project's build folder
  /// \param folder where the copy goes; a copy that was there is replaced.
  /// Empty: a new folder
  /// \throws ConfigError if neither way is open
  ScratchBuild(
      const Port& port,
      std::filesystem::path build,
      const std::filesystem::path& folder);

  struct Program {
    std::filesystem::path path;
    std::string trouble; ///< why there is none, in one line; empty: it is there
  };
  /// Builds with these files changed, by path from the root; all others are
  /// as in the project.
  Program make(const std::map<std::string, std::string>& files);

  /// Whether the program is to be judged by the project of the copy, since it
  /// tells the hashes of the copy's sources.
  bool is_whole() const {
    return !command_.empty();
  }
  Project copy() const {
    return {folder_.path() / "project"};
  }
  /// The copy's own build folder.
  std::filesystem::path copy_build() const {
    return folder_.path() / "build";
  }

 private:
  struct Unit {
    std::vector<std::string> files; ///< from the root; several where CMake
                                    ///< compiles files together
    std::filesystem::path joined;   ///< the file that includes them, or empty
    std::string command;            ///< as the build folder has it
    std::filesystem::path directory;
    std::string output; ///< as the command has it
  };

  void find_units();
  void find_link();
  bool is_linked(const std::string& output) const;
  /// Paths in a command or in includes, those in the copy instead.
  std::string moved(const std::string& text) const;
  std::string compile(const Unit& unit, const std::filesystem::path& object);
  Program relink(const std::map<std::string, std::string>& changed);

  const Port& port_;
  std::filesystem::path build_;
  ScratchFolder folder_;
  std::vector<std::string> command_; ///< `[port] build`
  std::vector<std::string> folders_; ///< that are copied for the compiler
  std::vector<Unit> units_;
  std::string link_;
  std::map<std::string, std::string> planted_; ///< what is not as it was
  int made_ = 0;
};

} // namespace portproof
