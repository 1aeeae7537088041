// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace mlxaudio::cli {

/// One option. The same entry is parsed, shown by `--help` and written to
/// docs/cli.md.
struct Option {
  std::string name =
      {}; ///< "--output-dir"; with underscores it is accepted too
  std::string value = {}; ///< what stands for its value; empty for a switch
  /// Given to `set` when the option is not; empty: `set` is not called.
  std::string default_value = {};
  std::string unit = {}; ///< of the value, if it has one
  std::string help = {};
  /// Takes the value ("" of a switch). \throws ArgumentError
  std::function<void(const std::string&)> set = {};
  std::vector<std::string> aliases = {}; ///< "-o", "--output_format"
};

struct OptionGroup {
  std::string title = {};
  std::vector<Option> options = {};
};

/// What stands on the command line without a name.
struct Positional {
  std::string name = {}; ///< "FILE..."; empty: nothing may stand there
  std::string help = {};
  std::size_t least = 0;
  std::size_t most = 0;
};

struct Example {
  std::string command = {};
  std::string explanation = {};
};

/// A verb of the program with all that its help says.
struct Verb {
  std::string name = {};    ///< "transcribe", "models list"
  std::string summary = {}; ///< one line
  std::string description = {};
  Positional positional = {};
  std::vector<OptionGroup> groups = {};
  std::vector<Example> examples = {};
};

/// Parses what follows the verb's name: options are set, the rest is returned.
///
/// \throws ArgumentError that names the option and `--help`
std::vector<std::string> parse(
    const Verb& verb, const std::vector<std::string>& arguments);

} // namespace mlxaudio::cli
