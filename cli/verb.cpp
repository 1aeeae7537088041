// SPDX-License-Identifier: MIT
#include "cli/verb.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/suggest.h"
#include "mlxaudio/error.h"

namespace mlxaudio::cli {
namespace {

constexpr const char* kOn = "True";
constexpr const char* kOff = "False";

/// How a switch that a default turned on is turned off.
std::string off_name(const Option& option) {
  return "--no-" + option.name.substr(2);
}

bool can_be_off(const Verb& verb, const Option& option) {
  return verb.configurable && option.configurable && option.value.empty();
}

/// `--name=value` as two words, since CLI11 takes an empty value for none and
/// the next word in its place.
std::vector<std::string> split_values(
    const Verb& verb, const std::vector<std::string>& arguments) {
  std::set<std::string> names;
  for (const Option* option : options_of(verb)) {
    if (!option->value.empty()) {
      const std::vector<std::string> all = spellings(*option);
      names.insert(all.begin(), all.end());
    }
  }
  std::vector<std::string> out;
  for (const std::string& word : arguments) {
    const std::size_t equals = word.find('=');
    if (word.substr(0, 2) == "--" && equals != std::string::npos &&
        names.count(word.substr(0, equals)) > 0) {
      out.push_back(word.substr(0, equals));
      out.push_back(word.substr(equals + 1));
    } else {
      out.push_back(word);
    }
  }
  return out;
}

[[noreturn]] void refuse(const Verb& verb, const std::string& what) {
  throw ArgumentError(
      fmt::format("{}: see mlx-audio {} --help", what, verb.name));
}

[[noreturn]] void refuse_unknown(const Verb& verb, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const Option* option : options_of(verb)) {
    known.push_back(option->name);
  }
  refuse(verb, fmt::format("unknown option {}{}", name, perhaps(name, known)));
}

void check_positionals(
    const Verb& verb, const std::vector<std::string>& positionals) {
  const Positional& positional = verb.positional;
  if (positionals.size() < positional.least) {
    refuse(verb, fmt::format("{} is missing", positional.name));
  }
  if (positionals.size() > positional.most) {
    refuse(
        verb,
        fmt::format(
            "unexpected argument \"{}\"",
            positionals[positional.most]));
  }
}

} // namespace

std::vector<const Option*> options_of(const Verb& verb) {
  std::vector<const Option*> all;
  for (const OptionGroup& group : verb.groups) {
    for (const Option& option : group.options) {
      all.push_back(&option);
    }
  }
  return all;
}

std::vector<std::string> spellings(const Option& option) {
  std::vector<std::string> names = {option.name};
  names.insert(names.end(), option.aliases.begin(), option.aliases.end());
  for (std::size_t i = 0, n = names.size(); i < n; ++i) {
    std::string other = names[i];
    if (other.size() > 2) {
      std::replace(other.begin() + 2, other.end(), '-', '_');
    }
    if (other != names[i]) {
      names.push_back(other);
    }
  }
  return names;
}

CommandLine read_line(
    const Verb& verb, const std::vector<std::string>& arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  CommandLine line;
  app.add_option("positionals", line.positionals);
  struct Switch {
    bool on = false; // by the last word of it
    CLI::Option* flag = nullptr;
  };
  std::map<std::string, Switch> switches;
  for (const Option* option : options_of(verb)) {
    const std::string names =
        fmt::format("{}", fmt::join(spellings(*option), ","));
    if (!option->value.empty()) {
      app.add_option_function<std::string>(
             names,
             [&line, option](const std::string& value) {
               line.given[option->name] = value;
             })
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      continue;
    }
    const bool off = can_be_off(verb, *option);
    Switch& one = switches[option->name];
    one.flag =
        app.add_flag(names + (off ? ",!" + off_name(*option) : ""), one.on);
  }

  const auto options_end = std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> reversed =
      split_values(verb, {arguments.begin(), options_end});
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& e) {
    refuse(verb, e.what());
  }
  for (const auto& [name, one] : switches) {
    if (one.flag->count() > 0) {
      line.given[name] = one.on ? kOn : kOff;
    }
  }
  if (const auto extras = app.remaining(); !extras.empty()) {
    refuse_unknown(verb, extras.front());
  }
  if (options_end != arguments.end()) {
    line.positionals.insert(
        line.positionals.end(),
        std::next(options_end),
        arguments.end());
  }
  return line;
}

void apply(
    const Verb& verb, const CommandLine& line, const Defaults& defaults) {
  std::set<std::string> on_line;
  for (const Option* option : options_of(verb)) {
    std::string value = option->default_value;
    std::string where = option->name;
    bool have = !value.empty();
    if (const auto given = line.given.find(option->name);
        given != line.given.end()) {
      value = given->second;
      on_line.insert(option->name);
      have = true;
    } else if (const auto other = defaults.find(option->name);
               other != defaults.end()) {
      value = other->second.value;
      where = other->second.origin;
      have = true;
    }
    const bool is_switch = option->value.empty();
    if (!have || (is_switch && value == kOff)) {
      continue;
    }
    try {
      option->set(is_switch ? "" : value);
    } catch (const ArgumentError& e) {
      refuse(verb, fmt::format("{}: {}", where, e.what()));
    }
  }
  check_positionals(verb, line.positionals);
  if (verb.finish) {
    try {
      verb.finish(on_line);
    } catch (const ArgumentError& e) {
      refuse(verb, e.what());
    }
  }
}

std::vector<std::string> parse(
    const Verb& verb, const std::vector<std::string>& arguments) {
  CommandLine line = read_line(verb, arguments);
  apply(verb, line, {});
  return std::move(line.positionals);
}

} // namespace mlxaudio::cli
