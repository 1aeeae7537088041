// SPDX-License-Identifier: MIT
#include "cli/verb.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "mlxaudio/error.h"

namespace mlxaudio::cli {
namespace {

/// All spellings of an option, as CLI11 takes them: the reference's have
/// underscores where ours have dashes.
std::string spellings(const Option& option) {
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
  return fmt::format("{}", fmt::join(names, ","));
}

/// `--name=value` as two words, since CLI11 takes an empty value for none and
/// the next word in its place.
std::vector<std::string> split_values(
    const Verb& verb, const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const OptionGroup& group : verb.groups) {
    for (const Option& option : group.options) {
      if (!option.value.empty()) {
        names.push_back("," + spellings(option) + ",");
      }
    }
  }
  std::vector<std::string> out;
  bool options_end = false;
  for (const std::string& word : arguments) {
    const std::size_t equals = word.find('=');
    options_end = options_end || word == "--";
    const bool takes_value =
        !options_end && word.substr(0, 2) == "--" &&
        equals != std::string::npos &&
        std::any_of(names.begin(), names.end(), [&](const std::string& all) {
          return all.find("," + word.substr(0, equals) + ",") !=
                 std::string::npos;
        });
    if (takes_value) {
      out.push_back(word.substr(0, equals));
      out.push_back(word.substr(equals + 1));
    } else {
      out.push_back(word);
    }
  }
  return out;
}

/// Options of the reference's program that this one does not have.
bool is_of_the_reference(std::string name) {
  constexpr std::array<std::string_view, 17> kNames = {
      "--model-dir",
      "--best-of",
      "--patience",
      "--length-penalty",
      "--carry-initial-prompt",
      "--fp16",
      "--temperature-increment-on-fallback",
      "--compression-ratio-threshold",
      "--word-timestamps",
      "--prepend-punctuations",
      "--append-punctuations",
      "--highlight-words",
      "--max-line-width",
      "--max-line-count",
      "--max-words-per-line",
      "--clip-timestamps",
      "--hallucination-silence-threshold"};
  std::replace(name.begin(), name.end(), '_', '-');
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// Insertions, deletions and changes between two words.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string nearest(const Verb& verb, const std::string& name) {
  std::string best;
  std::size_t least = 4; // more than three slips are another word
  for (const OptionGroup& group : verb.groups) {
    for (const Option& option : group.options) {
      const std::size_t d = distance(name, option.name);
      if (d < least) {
        least = d;
        best = option.name;
      }
    }
  }
  return best;
}

[[noreturn]] void refuse(const Verb& verb, const std::string& what) {
  throw ArgumentError(
      fmt::format("{}: see mlx-audio {} --help", what, verb.name));
}

[[noreturn]] void refuse_unknown(const Verb& verb, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  if (verb.name == "transcribe" && is_of_the_reference(name)) {
    refuse(
        verb,
        fmt::format(
            "{} is an option of openai-whisper that this version does not "
            "have",
            name));
  }
  const std::string meant = nearest(verb, name);
  refuse(
      verb,
      meant.empty()
          ? fmt::format("unknown option {}", name)
          : fmt::format("unknown option {}, perhaps {}?", name, meant));
}

} // namespace

std::vector<std::string> parse(
    const Verb& verb, const std::vector<std::string>& arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::string> positionals;
  app.add_option("positionals", positionals);

  std::map<const Option*, std::string> given;
  for (const OptionGroup& group : verb.groups) {
    for (const Option& option : group.options) {
      if (option.value.empty()) {
        app.add_flag_function(spellings(option), [&](std::int64_t) {
          given[&option] = "";
        });
      } else {
        app.add_option_function<std::string>(
               spellings(option),
               [&](const std::string& value) { given[&option] = value; })
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      }
    }
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
  if (const auto extras = app.remaining(); !extras.empty()) {
    refuse_unknown(verb, extras.front());
  }
  if (options_end != arguments.end()) {
    positionals.insert(
        positionals.end(),
        std::next(options_end),
        arguments.end());
  }

  for (const OptionGroup& group : verb.groups) {
    for (const Option& option : group.options) {
      const auto value = given.find(&option);
      if (value == given.end() && option.default_value.empty()) {
        continue;
      }
      try {
        option.set(value == given.end() ? option.default_value : value->second);
      } catch (const ArgumentError& e) {
        refuse(verb, fmt::format("{}: {}", option.name, e.what()));
      }
    }
  }
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
  return positionals;
}

} // namespace mlxaudio::cli
