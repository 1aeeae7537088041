// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"

namespace portproof {

/// What depends on the language that a port is written in: `[port]` of
/// reference.toml.
struct Adapter {
  /// C++ is read by libclang and its includes are followed. Everything else is
  /// read line by line.
  bool cpp = true;
  std::vector<std::string> endings; ///< of source files, `.py`
  std::string comment;              ///< begins a comment up to the line's end
  /// Whether a definition ends where its indentation does; else at the next
  /// tag.
  bool indented = false;
  /// Whether a component rests on all sources; else on the file that defines
  /// it and on what `rests_on` says of that.
  bool rests_on_all = true;
  std::map<std::string, std::vector<std::string>> rests_on; ///< file to files
  /// Component to the port's own name for it, where the port has no tags.
  std::map<std::string, std::string> symbols;
  /// Key of the reference whose unpacked sources are the port; empty: the
  /// project has them.
  std::string from;
  std::vector<std::string> command; ///< runs the probes; empty: `executable`
  std::vector<std::string> build;   ///< makes them

  /// \param port the table `[port]`
  /// \throws ConfigError naming the key
  static Adapter read(const mlxaudio::Json& port, const std::string& where);
};

/// A source without what does not count: comment lines, blank lines, blanks at
/// the ends of lines. Any program can make the same (docs/porting/protocol.md).
std::string code_lines(const std::string& text, const std::string& comment);

/// Words with `{name}` replaced. \throws ConfigError for a name that has none
std::vector<std::string> filled(
    const std::vector<std::string>& words,
    const std::map<std::string, std::string>& values);

} // namespace portproof
