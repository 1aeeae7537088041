// SPDX-License-Identifier: MIT
#include "cli/help.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace mlxaudio::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 30; // where explanations begin

using Row = std::pair<std::string_view, std::string_view>;

constexpr std::array<Row, 7> kExitCodes = {{
    {"0", "done"},
    {"1", "some inputs failed, the rest was done"},
    {"2", "the command line is wrong"},
    {"3", "the model or its weights cannot be used"},
    {"4", "no input could be read"},
    {"5", "the output cannot be written"},
    {"130", "interrupted; what was done is kept"},
}};

/// Words of a text in lines of at most `width`, each but the first behind
/// `indent` spaces.
std::string wrap(
    std::string_view text, std::size_t indent, std::size_t width = kWidth) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (column > indent && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

/// A term and what it means, side by side where there is room.
std::string entry(const std::string& term, std::string_view meaning) {
  std::string out = "  " + term;
  if (out.size() + 2 > kColumn) {
    out += "\n" + std::string(kColumn, ' ');
  } else {
    out.resize(kColumn, ' ');
  }
  return out + wrap(meaning, kColumn) + "\n";
}

std::string term(const Option& option) {
  std::string out;
  for (const std::string& alias : option.aliases) {
    if (alias.size() == 2) {
      out += alias + ", ";
    }
  }
  out += option.name;
  if (!option.value.empty()) {
    out += " " + option.value;
  }
  return out;
}

std::string meaning(const Option& option) {
  std::string out = option.help;
  std::vector<std::string> notes;
  if (!option.unit.empty()) {
    notes.push_back("in " + option.unit);
  }
  if (!option.default_value.empty()) {
    notes.push_back("default: " + option.default_value);
  }
  if (!notes.empty()) {
    out += fmt::format(" ({})", fmt::join(notes, "; "));
  }
  return out;
}

std::string exit_code_page() {
  std::string out = "Exit codes\n";
  for (const auto& [code, explanation] : kExitCodes) {
    out += fmt::format("  {:<4} {}\n", code, explanation);
  }
  return out;
}

/// Text for a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

} // namespace

std::string overview(const std::vector<Verb>& verbs) {
  std::string out =
      "mlx-audio: speech models on this machine, from a file to its text\n\n"
      "Usage: mlx-audio VERB [OPTIONS] [ARGUMENTS]\n\nVerbs\n";
  for (const Verb& verb : verbs) {
    out += entry(verb.name, verb.summary);
  }
  out += "\n" + entry("VERB --help", "what a verb does, with examples");
  out += entry("VERB --help-all", "all of its options");
  out += entry("--version", "version of this program");
  out += "\nExamples\n";
  for (const Verb& verb : verbs) {
    if (!verb.examples.empty()) {
      out += "  " + verb.examples.front().command + "\n";
    }
  }
  return out + "\n" + exit_code_page();
}

std::string help(const Verb& verb, Detail detail) {
  const bool all = detail == Detail::all;
  std::string out =
      fmt::format("mlx-audio {}: {}\n\n", verb.name, verb.summary);
  out += "Usage: " + usage(verb) + "\n";
  if (!verb.description.empty()) {
    out += "\n" + wrap(verb.description, 0) + "\n";
  }
  if (!verb.positional.name.empty()) {
    out += "\n" + entry(verb.positional.name, verb.positional.help);
  }
  std::vector<std::string> left_out;
  for (const OptionGroup& group : verb.groups) {
    std::string entries;
    for (const Option& option : group.options) {
      if (option.rare && !all) {
        left_out.push_back(option.name);
      } else {
        entries += entry(term(option), meaning(option));
      }
    }
    if (!entries.empty()) {
      out += "\n" + group.title + "\n" + entries;
    }
  }
  if (!left_out.empty()) {
    out += fmt::format(
        "\nMore options (mlx-audio {} --help-all)\n  {}\n",
        verb.name,
        wrap(fmt::format("{}", fmt::join(left_out, ", ")), 2));
  }
  if (!verb.examples.empty()) {
    out += "\nExamples\n";
    for (const Example& example : verb.examples) {
      out += "  " + example.command + "\n      " +
             wrap(example.explanation, 6) + "\n";
    }
  }
  return out + "\n" + exit_code_page();
}

std::span<const std::pair<std::string_view, std::string_view>> exit_codes() {
  return kExitCodes;
}

std::string usage(const Verb& verb) {
  std::string out = "mlx-audio " + verb.name;
  if (!verb.groups.empty()) {
    out += " [OPTIONS]";
  }
  if (!verb.positional.name.empty()) {
    out += " " + verb.positional.name;
  }
  return out;
}

std::string markdown(const std::vector<Verb>& verbs) {
  std::string out =
      "# The program `mlx-audio`\n\n"
      "<!-- Down to \"Exit codes\" what `mlx-audio help --markdown` prints; a "
      "test compares. The rest is written by hand. -->\n\n"
      "Results go to the standard output, all else to the standard error. Each "
      "failed input gives\none line there that names the file and the mend.\n";
  for (const Verb& verb : verbs) {
    out += fmt::format(
        "\n## {}\n\n{}.\n\n    {}\n",
        verb.name,
        verb.summary,
        usage(verb));
    if (!verb.description.empty()) {
      out += "\n" + wrap(verb.description, 0, 100) + "\n";
    }
    if (!verb.positional.name.empty()) {
      out += fmt::format(
          "\n`{}`: {}\n",
          verb.positional.name,
          wrap(verb.positional.help, 0, 100));
    }
    for (const OptionGroup& group : verb.groups) {
      if (!group.described_under.empty()) {
        out += fmt::format(
            "\n{}: the options of `{}`.\n",
            group.title,
            group.described_under);
        continue;
      }
      out += fmt::format(
          "\n| {} | Default | |\n| --- | --- | --- |\n",
          group.title);
      for (const Option& option : group.options) {
        out += fmt::format(
            "| `{}` | {} | {}{} |\n",
            cell(term(option)),
            option.default_value.empty()
                ? ""
                : fmt::format("`{}`", cell(option.default_value)),
            cell(option.help),
            option.unit.empty() ? "" : fmt::format(" (in {})", option.unit));
      }
    }
    if (!verb.examples.empty()) {
      out += "\n";
      for (const Example& example : verb.examples) {
        out +=
            fmt::format("- `{}`: {}\n", example.command, example.explanation);
      }
    }
  }
  out += "\n## Exit codes\n\n| Code | Means |\n| --- | --- |\n";
  for (const auto& [code, explanation] : kExitCodes) {
    out += fmt::format("| {} | {} |\n", code, explanation);
  }
  return out;
}

} // namespace mlxaudio::cli
