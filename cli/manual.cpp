// SPDX-License-Identifier: MIT
#include "cli/manual.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cli/config.h"
#include "cli/help.h"
#include "core/utf8.h"

namespace mlxaudio::cli {
namespace {

/// Text that roff shows as it is: dashes stay dashes, so that options can be
/// copied from the page.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    const char c = text[at];
    at += step.size;
    if (step.code_point && *step.code_point > 0x7F) {
      out += fmt::format(
          "\\[u{:04X}]",
          static_cast<std::uint32_t>(*step.code_point));
      continue;
    }
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '"':
        out += "\\(dq";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// A line of text, which must not begin as a request does.
std::string line(std::string_view text) {
  const bool request = !text.empty() && text.front() == '.';
  return (request ? "\\&" : "") + escaped(text) + "\n";
}

std::string bold(std::string_view text) {
  return "\\fB" + escaped(text) + "\\fR";
}

std::string entry(const Verb& verb, const Option& option) {
  std::string names;
  for (const std::string& alias : option.aliases) {
    if (alias.size() == 2) {
      names += bold(alias) + ", ";
    }
  }
  names += bold(option.name);
  if (!option.value.empty()) {
    names += " \\fI" + escaped(option.value) + "\\fR";
  }
  std::string help = option.help;
  if (!option.unit.empty()) {
    help += fmt::format(" (in {})", option.unit);
  }
  help += ".";
  if (!option.default_value.empty()) {
    help += fmt::format(" Default: {}.", option.default_value);
  }
  std::string out = ".TP\n" + names + "\n" + line(help);
  for (const std::string& alias : option.aliases) {
    if (alias.size() > 2) {
      out += line(fmt::format("Also {}.", alias));
    }
  }
  if (verb.configurable && !option.configurable) {
    out += "Not in the configuration file.\n";
  }
  return out;
}

std::string describe(const Verb& verb) {
  std::string out = fmt::format(".SS {}\n", bold(usage(verb)));
  out += line(verb.summary + ".");
  if (!verb.description.empty()) {
    out += ".PP\n" + line(verb.description);
  }
  if (!verb.positional.name.empty()) {
    out += ".TP\n\\fI" + escaped(verb.positional.name) + "\\fR\n" +
           line(verb.positional.help);
  }
  for (const OptionGroup& group : verb.groups) {
    if (!group.described_under.empty()) {
      out += ".PP\n" + line(fmt::format(
                           "{}: the options of {}.",
                           group.title,
                           group.described_under));
      continue;
    }
    out += ".PP\n\\fI" + escaped(group.title) + "\\fR\n";
    for (const Option& option : group.options) {
      out += entry(verb, option);
    }
  }
  return out;
}

std::string examples(const std::vector<Verb>& verbs) {
  std::string out = ".SH EXAMPLES\n";
  for (const Verb& verb : verbs) {
    for (const Example& example : verb.examples) {
      out += ".TP\n" + bold(example.command) + "\n" + line(example.explanation);
    }
  }
  return out;
}

std::string defaults(const std::vector<Verb>& verbs) {
  std::string out = ".SH DEFAULTS\n";
  out += line(
      "An option that is not on the command line is looked for in the "
      "environment, then in the configuration file; else it has its built-in "
      "default.");
  for (const Verb& verb : verbs) {
    if (verb.configurable) {
      const Option* option = options_of(verb).front();
      out += ".PP\n" +
             line(fmt::format(
                 "Of {}, {} is the variable {}, or in the file a key below "
                 "[{}]. A switch that one of them turns on is turned off by "
                 "\"no-\" before its name.",
                 verb.name,
                 option->name,
                 variable_of(verb, *option),
                 verb.name));
    }
  }
  return out;
}

std::string surroundings() {
  using Row = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Row, 5> kVariables = {{
      {"MLXAUDIO_CONFIG",
       "the configuration file; /dev/null for none. Otherwise it is "
       "mlx-audio/config.toml in XDG_CONFIG_HOME, else in ~/.config."},
      {"MLXAUDIO_CACHE", "where models lie. Otherwise ~/.cache/mlx-audio."},
      {"MLXAUDIO_ISA",
       "the instruction set of the kernels: avx512, avx2, sse4, neon or "
       "scalar. Otherwise the best that the processor has."},
      {"MLXAUDIO_KERNELS", "off: compute by MLX alone."},
      {"MLXAUDIO_BLAS",
       "reference: leave MLX's products to MLX's own library."},
  }};
  std::string out = ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : kVariables) {
    out += ".TP\n" + bold(name) + "\n" + line(meaning);
  }
  return out;
}

std::string codes() {
  std::string out = ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : exit_codes()) {
    out += ".TP\n" + bold(code) + "\n" + line(meaning);
  }
  return out;
}

} // namespace

std::string manual(const std::vector<Verb>& verbs, const std::string& version) {
  std::string out = fmt::format(
      ".TH MLX\\-AUDIO 1 \"\" \"mlx\\-audio {}\" \"User Commands\"\n"
      ".SH NAME\n"
      "mlx\\-audio \\- speech models on this machine, from a file to its "
      "text\n"
      ".SH SYNOPSIS\n",
      escaped(version));
  for (const Verb& verb : verbs) {
    out += (&verb == &verbs.front() ? "" : ".br\n") + line(usage(verb));
  }
  out += ".SH DESCRIPTION\n" +
         line(
             "Results go to the standard output, all else to the standard "
             "error. Each failed input gives one line there that names the "
             "file and the mend.") +
         ".SH VERBS\n";
  for (const Verb& verb : verbs) {
    out += describe(verb);
  }
  return out + examples(verbs) + defaults(verbs) + surroundings() + codes();
}

} // namespace mlxaudio::cli
