// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/verb.h"

namespace mlxaudio::cli {

/// A file of defaults: TOML, with a table for each configurable verb and a key
/// for each option (`[transcribe]`, `beam_size = 5`).
struct ConfigFile {
  std::filesystem::path path;
  /// Whether somebody named it: then it must be there.
  bool named = false;
};

/// The options that decide about the file, for every configurable verb.
OptionGroup config_options();

/// The user's file: `$MLXAUDIO_CONFIG` (none for `/dev/null`), else
/// `mlx-audio/config.toml` in `$XDG_CONFIG_HOME`, else in `~/.config`. Nothing
/// if there is no home.
std::optional<ConfigFile> config_file();

/// The file that a command line asks for: that of `--config`, none with
/// `--no-config`, else the user's.
std::optional<ConfigFile> config_file(const CommandLine& line);

/// Reads the defaults of `verb` from a file.
/// \param verbs all of them, since the whole file is checked
/// \throws ArgumentError naming the file, the line and the key
Defaults file_defaults(
    const ConfigFile& file, const std::vector<Verb>& verbs, const Verb& verb);

/// The environment variable of an option: `MLXAUDIO_TRANSCRIBE_BEAM_SIZE`.
std::string variable_of(const Verb& verb, const Option& option);

/// Reads the defaults of `verb` from the environment; an empty variable is
/// none.
/// \throws ArgumentError for a variable that stands for no option
Defaults environment_defaults(const Verb& verb);

/// The defaults of `verb`: the environment's, else those of `file`.
Defaults find_defaults(
    const std::optional<ConfigFile>& file,
    const std::vector<Verb>& verbs,
    const Verb& verb);

} // namespace mlxaudio::cli
