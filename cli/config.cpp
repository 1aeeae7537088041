// SPDX-License-Identifier: MIT
#include "cli/config.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/option_values.h"
#include "cli/suggest.h"
#include "core/toml.h"
#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "text/python.h"

namespace mlxaudio::cli {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// "beam_size" of "--beam-size".
std::string key_of(const std::string& option) {
  std::string key = option.substr(2);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

/// The option that a key names, with dashes or underscores, under any of its
/// long names; null if there is none that may have a default.
const Option* find_option(const Verb& verb, const std::string& key) {
  for (const Option* option : options_of(verb)) {
    const std::vector<std::string> names = spellings(*option);
    if (option->configurable &&
        std::find(names.begin(), names.end(), "--" + key) != names.end()) {
      return option;
    }
  }
  return nullptr;
}

std::vector<std::string> keys_of(const Verb& verb) {
  std::vector<std::string> keys;
  for (const Option* option : options_of(verb)) {
    if (option->configurable) {
      keys.push_back(key_of(option->name));
    }
  }
  return keys;
}

/// A value as it would stand on a command line.
/// \throws ArgumentError
std::string text_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string:
      return value.get<std::string>();
    case Json::value_t::boolean:
      return value.get<bool>() ? "True" : "False";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return value.dump();
    case Json::value_t::number_float:
      return text::python_repr(value.get<double>());
    case Json::value_t::array: {
      std::vector<std::string> parts;
      for (const Json& part : value) {
        if (part.is_structured()) {
          throw ArgumentError("expected a list of numbers or texts");
        }
        parts.push_back(text_of(part));
      }
      return fmt::format("{}", fmt::join(parts, ","));
    }
    default:
      throw ArgumentError("expected a text, number, truth value or list");
  }
}

/// A truth value as it would stand on a command line. \throws ArgumentError
std::string truth_of(const std::string& text) {
  if (text == "True" || text == "true" || text == "1") {
    return "True";
  }
  if (text == "False" || text == "false" || text == "0") {
    return "False";
  }
  throw ArgumentError(fmt::format("expected True or False, got \"{}\"", text));
}

/// Whether an option is a switch, or takes True or False.
bool is_truth(const Option& option) {
  return option.value.empty() || option.choices == true_false();
}

std::string value_of(const Option& option, const std::string& text) {
  return is_truth(option) ? truth_of(text) : text;
}

/// What the tables of a file say, and where.
class Reader {
 public:
  Reader(const ConfigFile& file, const std::vector<Verb>& verbs)
      : path_(file.path), verbs_(verbs) {
    std::error_code ignored;
    if (!file.named && !fs::exists(path_, ignored)) {
      return;
    }
    if (fs::is_directory(path_, ignored)) {
      throw ArgumentError(fmt::format(
          "[cli.config] {} is a folder: name the file",
          path_.string()));
    }
    try {
      root_ = read_toml(path_, &lines_);
    } catch (const ConfigError& e) {
      throw ArgumentError(e.what());
    }
  }

  /// \throws ArgumentError
  Defaults defaults(const Verb& wanted) const {
    Defaults out;
    std::vector<std::string> names;
    for (const Verb& verb : verbs_) {
      if (verb.configurable) {
        names.push_back(verb.name);
      }
    }
    for (const auto& [name, table] : root_.items()) {
      const auto verb = std::find_if(
          verbs_.begin(),
          verbs_.end(),
          [&n = name](const Verb& v) { return v.configurable && v.name == n; });
      if (verb == verbs_.end() || !table.is_object()) {
        fail(
            {name},
            fmt::format(
                "expected a table of a verb ([{}]), got {}{}",
                fmt::join(names, "], ["),
                printable(name),
                perhaps(name, names)));
      }
      Defaults found = read(*verb, table);
      if (verb->name == wanted.name) {
        out = std::move(found);
      }
    }
    return out;
  }

 private:
  Defaults read(const Verb& verb, const Json& table) const {
    Defaults out;
    for (const auto& [key, value] : table.items()) {
      const Option* option = find_option(verb, key);
      if (!option) {
        fail(
            {verb.name, key},
            fmt::format(
                "{} is no option of {} that may stand here: take it out{}",
                printable(key),
                verb.name,
                perhaps(key, keys_of(verb))));
      }
      std::string text;
      try {
        if (value.is_array() && !option->is_list) {
          throw ArgumentError("expected one value, got a list");
        }
        text = value_of(*option, text_of(value));
      } catch (const ArgumentError& e) {
        fail({verb.name, key}, fmt::format("{}: {}", key, e.what()));
      }
      Default one{text, place({verb.name, key}) + ", " + printable(key)};
      if (!out.emplace(option->name, std::move(one)).second) {
        fail(
            {verb.name, key},
            fmt::format("{} is set twice: take one out", printable(key)));
      }
    }
    return out;
  }

  std::string place(const std::vector<std::string>& names) const {
    const auto line = lines_.find(names);
    return line == lines_.end()
               ? path_.string()
               : fmt::format("{}, line {}", path_.string(), line->second);
  }

  [[noreturn]] void fail(
      const std::vector<std::string>& names, const std::string& what) const {
    throw ArgumentError(fmt::format("[cli.config] {}: {}", place(names), what));
  }

  fs::path path_;
  const std::vector<Verb>& verbs_;
  Json root_ = Json::object();
  TomlLines lines_;
};

std::string prefix_of(const Verb& verb) {
  std::string prefix = "MLXAUDIO_" + verb.name + "_";
  for (char& c : prefix) {
    c = c == ' ' || c == '-' ? '_' : c;
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return prefix;
}

} // namespace

OptionGroup config_options() {
  // main() reads them off the line, before any option is set.
  const auto nothing = [](const std::string&) {};
  return {
      "Defaults",
      {{.name = "--config",
        .value = "FILE",
        .help = "take defaults of options from this file, not from the user's "
                "(docs/cli.md)",
        .set = nothing,
        .offer = Offer::files,
        .rare = true,
        .configurable = false},
       {.name = "--no-config",
        .help = "take no defaults from a file",
        .set = nothing,
        .rare = true,
        .configurable = false}}};
}

std::optional<ConfigFile> config_file() {
  if (const std::string named = environment("MLXAUDIO_CONFIG");
      !named.empty()) {
    return named == "/dev/null" ? std::nullopt
                                : std::optional(ConfigFile{named, true});
  }
  fs::path folder = environment("XDG_CONFIG_HOME");
  if (!folder.is_absolute()) { // its specification: others are to be ignored
    const std::string home = environment("HOME");
    if (home.empty()) {
      return std::nullopt;
    }
    folder = fs::path(home) / ".config";
  }
  return ConfigFile{folder / "mlx-audio" / "config.toml", false};
}

std::optional<ConfigFile> config_file(const CommandLine& line) {
  const auto named = line.given.find("--config");
  const bool none = line.given.count("--no-config") > 0;
  if (named == line.given.end()) {
    return none ? std::nullopt : config_file();
  }
  if (none) {
    throw ArgumentError(
        "[cli.config] --config or --no-config, not both: give one of them");
  }
  if (named->second.empty()) {
    throw ArgumentError("[cli.config] --config: expected the name of a file");
  }
  return ConfigFile{named->second, true};
}

Defaults file_defaults(
    const ConfigFile& file, const std::vector<Verb>& verbs, const Verb& verb) {
  return Reader(file, verbs).defaults(verb);
}

std::string variable_of(const Verb& verb, const Option& option) {
  std::string name = prefix_of(verb);
  for (const char c : key_of(option.name)) {
    name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

Defaults environment_defaults(const Verb& verb) {
  Defaults out;
  std::map<std::string, const Option*> variables;
  std::vector<std::string> names;
  for (const Option* option : options_of(verb)) {
    if (option->configurable) {
      variables.emplace(variable_of(verb, *option), option);
      names.push_back(variable_of(verb, *option));
    }
  }
  const std::string prefix = prefix_of(verb);
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (text.substr(0, prefix.size()) != prefix ||
        equals == std::string_view::npos) {
      continue;
    }
    const std::string name(text.substr(0, equals));
    const std::string value(text.substr(equals + 1));
    const auto known = variables.find(name);
    if (known == variables.end()) {
      throw ArgumentError(fmt::format(
          "[cli.config] the environment variable {} stands for no option of "
          "{}: unset it{}",
          printable(name),
          verb.name,
          perhaps(name, names)));
    }
    if (value.empty()) {
      continue;
    }
    try {
      out[known->second->name] = {value_of(*known->second, value), name};
    } catch (const ArgumentError& e) {
      throw ArgumentError(fmt::format("[cli.config] {}: {}", name, e.what()));
    }
  }
  return out;
}

Defaults find_defaults(
    const std::optional<ConfigFile>& file,
    const std::vector<Verb>& verbs,
    const Verb& verb) {
  Defaults out = environment_defaults(verb);
  if (file) {
    out.merge(file_defaults(*file, verbs, verb));
  }
  return out;
}

} // namespace mlxaudio::cli
