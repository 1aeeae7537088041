// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mlxaudio::cli {

/// What a shell offers for the value of an option or a positional.
enum class Offer { nothing, choices, audio, files, folders, models };

/// One option. The same entry is parsed, shown by `--help`, written to
/// docs/cli.md and the manual, completed by shells, and may be given a default
/// in a config file or the environment.
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
  Offer offer = Offer::nothing;
  std::vector<std::string> choices = {}; ///< that are offered
  /// Whether its value is a list with commas between its parts.
  bool is_list = false;
  /// Shown by `--help-all` only.
  bool rare = false;
  /// Whether a config file and the environment may give its default.
  bool configurable = true;
};

struct OptionGroup {
  std::string title = {};
  std::vector<Option> options = {};
  /// The verb that documents describe these options under; empty: this one.
  std::string described_under = {};
};

/// What stands on the command line without a name.
struct Positional {
  std::string name = {}; ///< "FILE..."; empty: nothing may stand there
  std::string help = {};
  std::size_t least = 0;
  std::size_t most = 0;
  Offer offer = Offer::nothing;
  std::vector<std::string> choices = {}; ///< that are offered
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
  /// Checks and completes what `set` took, once all options are set. Given the
  /// names of the options that stand on the command line itself.
  /// \throws ArgumentError
  std::function<void(const std::set<std::string>&)> finish = {};
  /// Whether a config file and the environment give defaults.
  bool configurable = false;
};

/// What a command line holds, before any of it is used.
struct CommandLine {
  /// Value by the option's name; of a switch "True", or "False" of one that
  /// was turned off (`--no-stats`).
  std::map<std::string, std::string> given;
  std::vector<std::string> positionals;
};

/// Sorts what follows the verb's name.
/// \throws ArgumentError that names the option and `--help`
CommandLine read_line(
    const Verb& verb, const std::vector<std::string>& arguments);

/// A value in place of the built-in default, and where it stands.
struct Default {
  std::string value; ///< as of `CommandLine::given`
  std::string origin;
};

/// By the option's name.
using Defaults = std::map<std::string, Default>;

/// Sets every option: by the line, else by `defaults`, else by its built-in
/// default.
/// \throws ArgumentError that names the option or where the default stands
void apply(const Verb& verb, const CommandLine& line, const Defaults& defaults);

/// Both in one, without other defaults. \return the positionals
std::vector<std::string> parse(
    const Verb& verb, const std::vector<std::string>& arguments);

/// All options of a verb, over its groups.
std::vector<const Option*> options_of(const Verb& verb);

/// The spellings of an option: `--a-b`, its aliases, and `--a_b`.
std::vector<std::string> spellings(const Option& option);

} // namespace mlxaudio::cli
