// SPDX-License-Identifier: MIT
#include "cli/completion.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace mlxaudio::cli {
namespace {

/// Endings of files that are likely audio. Any file may be given: where none
/// of these fits, shells offer all.
constexpr std::string_view kAudioEndings =
    "wav|flac|ogg|oga|opus|mp3|m4a|aac|aif|aiff|wma|mp4|mkv|mov|webm|avi";

/// The spellings that are offered: with dashes.
std::vector<std::string> offered(const Option& option) {
  std::vector<std::string> names = {option.name};
  for (const std::string& alias : option.aliases) {
    names.push_back(alias);
  }
  return names;
}

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

/// The first words of the verbs, each once, with what they do.
std::vector<std::pair<std::string, std::string>> first_words(
    const std::vector<Verb>& verbs) {
  std::vector<std::pair<std::string, std::string>> words;
  for (const Verb& verb : verbs) {
    const std::size_t space = verb.name.find(' ');
    const std::string word = verb.name.substr(0, space);
    if (words.empty() || words.back().first != word) {
      words.emplace_back(
          word,
          space == std::string::npos ? verb.summary : word + ": several verbs");
    }
  }
  words.emplace_back("help", "what there is to say about a verb");
  return words;
}

/// Verbs of two words: the first word, the second, what they do.
struct Pair {
  std::string first;
  std::string second;
  std::string summary;
};

std::vector<Pair> pairs(const std::vector<Verb>& verbs) {
  std::vector<Pair> out;
  for (const Verb& verb : verbs) {
    const std::size_t space = verb.name.find(' ');
    if (space != std::string::npos) {
      out.push_back(
          {verb.name.substr(0, space),
           verb.name.substr(space + 1),
           verb.summary});
    }
  }
  return out;
}

// --- bash ---

constexpr std::string_view kBashHead =
    R"bash(# Completion of mlx-audio for bash.
# Made by `mlx-audio completion bash`.

_mlx_audio_offer() {
  local kind=$1 cur=$2 line lower
  local -a fit=()
  case $kind in
    words)
      while IFS= read -r line; do
        COMPREPLY+=("$line")
      done < <(compgen -W "$3" -- "$cur")
      ;;
    models)
      while IFS= read -r line; do
        COMPREPLY+=("$line")
      done < <(
        compgen -W "$(mlx-audio completion models 2>/dev/null)" -- "$cur"
        compgen -f -- "$cur"
      )
      compopt -o filenames 2>/dev/null
      ;;
    folders)
      while IFS= read -r line; do
        COMPREPLY+=("$line")
      done < <(compgen -d -- "$cur")
      compopt -o filenames 2>/dev/null
      ;;
    *)
      while IFS= read -r line; do
        COMPREPLY+=("$line")
        lower=${line,,}
        if [[ $kind == audio ]] &&
          { [[ -d $line ]] || [[ $lower =~ \.(@ENDINGS@)$ ]]; }; then
          fit+=("$line")
        fi
      done < <(compgen -f -- "$cur")
      if ((${#fit[@]})); then
        COMPREPLY=("${fit[@]}")
      fi
      compopt -o filenames 2>/dev/null
      ;;
  esac
}

_mlx_audio() {
  local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}
  local verb=${COMP_WORDS[1]-} options=
  COMPREPLY=()
  # bash takes --option=value for three words.
  if [[ $cur == "=" ]]; then
    cur=
  elif [[ $option == "=" ]] && ((COMP_CWORD > 1)); then
    option=${COMP_WORDS[COMP_CWORD-2]}
  fi
)bash";

/// What follows the call of `_mlx_audio_offer`.
std::string bash_offer(Offer offer, const std::vector<std::string>& choices) {
  switch (offer) {
    case Offer::audio:
      return "audio \"$cur\"";
    case Offer::files:
      return "files \"$cur\"";
    case Offer::folders:
      return "folders \"$cur\"";
    case Offer::models:
      return "models \"$cur\"";
    case Offer::choices:
    case Offer::nothing:
      break;
  }
  return fmt::format(
      "words \"$cur\" {}",
      shell_quoted(fmt::format("{}", fmt::join(choices, " "))));
}

std::string bash_verb(const Verb& verb) {
  std::string options;
  std::string values;
  for (const Option* option : options_of(verb)) {
    options += fmt::format("{} ", fmt::join(offered(*option), " "));
    if (!option->value.empty()) {
      values += fmt::format(
          "        {}) _mlx_audio_offer {} ;;\n",
          fmt::join(spellings(*option), "|"),
          bash_offer(option->offer, option->choices));
    }
  }
  options += "--help --help-all";
  return fmt::format(
      "    {})\n"
      "      options={}\n"
      "      case $option in\n"
      "{}"
      "        *)\n"
      "          if [[ $cur == -* ]]; then\n"
      "            _mlx_audio_offer words \"$cur\" \"$options\"\n"
      "          else\n"
      "            _mlx_audio_offer {}\n"
      "          fi\n"
      "          ;;\n"
      "      esac\n"
      "      ;;\n",
      shell_quoted(verb.name),
      shell_quoted(options),
      values,
      bash_offer(verb.positional.offer, verb.positional.choices));
}

// --- zsh ---

/// Text within the brackets or between the colons of a specification.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::string zsh_action(Offer offer, const std::vector<std::string>& choices) {
  switch (offer) {
    case Offer::choices:
      return fmt::format("({})", fmt::join(choices, " "));
    case Offer::audio:
      return fmt::format("_files -g \"*.(#i)({})(-.)\"", kAudioEndings);
    case Offer::files:
      return "_files";
    case Offer::folders:
      return "_files -/";
    case Offer::models:
      return "_mlx_audio_models";
    case Offer::nothing:
      break;
  }
  return " ";
}

std::string zsh_verb(const Verb& verb) {
  std::string out = fmt::format("    {})\n", shell_quoted(verb.name));
  out += "      _arguments -s -S";
  for (const Option* option : options_of(verb)) {
    const std::vector<std::string> names = offered(*option);
    const std::string value =
        option->value.empty() ? ""
                              : ":" + zsh_text(option->value) + ":" +
                                    zsh_action(option->offer, option->choices);
    for (const std::string& name : names) {
      const bool is_long = name.size() > 2 && !option->value.empty();
      out += fmt::format(
          " \\\n        {}",
          shell_quoted(fmt::format(
              "({}){}{}[{}]{}",
              fmt::join(names, " "),
              name,
              is_long                 ? "="
              : option->value.empty() ? ""
                                      : "+",
              zsh_text(option->help),
              value)));
    }
  }
  out +=
      " \\\n        '(- *)--help[what it does]'"
      " \\\n        '(- *)--help-all[all of its options]'";
  const Positional& p = verb.positional;
  if (!p.name.empty()) {
    out += fmt::format(
        " \\\n        {}",
        shell_quoted(fmt::format(
            "{}:{}:{}",
            p.most > 1 ? "*" : "1",
            zsh_text(p.name),
            zsh_action(p.offer, p.choices))));
  }
  return out + "\n      ;;\n";
}

// --- fish ---

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + "'";
}

std::string fish_values(Offer offer, const std::vector<std::string>& choices) {
  switch (offer) {
    case Offer::choices:
      return fmt::format(
          " -f -a {}",
          fish_quoted(fmt::format("{}", fmt::join(choices, " "))));
    case Offer::audio:
    case Offer::files:
      return " -F";
    case Offer::folders:
      return " -f -a '(__fish_complete_directories)'";
    case Offer::models:
      return " -F -a '(mlx-audio completion models 2>/dev/null)'";
    case Offer::nothing:
      break;
  }
  return " -f";
}

std::string fish_verb(const Verb& verb) {
  const std::string begin = fmt::format(
      "complete -c mlx-audio -n {}",
      fish_quoted("__mlx_audio_verb " + verb.name));
  std::string out;
  for (const Option* option : options_of(verb)) {
    out += begin;
    for (const std::string& name : offered(*option)) {
      out +=
          name.size() == 2 ? " -s " + name.substr(1) : " -l " + name.substr(2);
    }
    if (!option->value.empty()) {
      out += " -r" + fish_values(option->offer, option->choices);
    }
    out += fmt::format(" -d {}\n", fish_quoted(option->help));
  }
  const Positional& p = verb.positional;
  return out + begin + fish_values(p.offer, p.choices) + "\n" + begin +
         " -l help -d 'what it does'\n" + begin +
         " -l help-all -d 'all of its options'\n";
}

} // namespace

std::string bash_completion(const std::vector<Verb>& verbs) {
  std::string out(kBashHead);
  constexpr std::string_view kMark = "@ENDINGS@";
  out.replace(out.find(kMark), kMark.size(), kAudioEndings);

  std::string words;
  for (const auto& [word, summary] : first_words(verbs)) {
    words += word + " ";
  }
  out += fmt::format(
      "  if ((COMP_CWORD == 1)) || [[ $verb == help && $COMP_CWORD == 2 "
      "]]; "
      "then\n"
      "    _mlx_audio_offer words \"$cur\" {}\n"
      "    return\n"
      "  fi\n",
      shell_quoted(words + "--help --version"));
  const std::vector<Pair> two = pairs(verbs);
  for (std::size_t i = 0; i < two.size();) {
    const std::string first = two[i].first;
    std::string seconds;
    for (; i < two.size() && two[i].first == first; ++i) {
      seconds += two[i].second + " ";
    }
    out += fmt::format(
        "  if [[ $verb == {0} ]]; then\n"
        "    if ((COMP_CWORD == 2)); then\n"
        "      _mlx_audio_offer words \"$cur\" {1}\n"
        "      return\n"
        "    fi\n"
        "    verb=\"{0} ${{COMP_WORDS[2]}}\"\n"
        "  fi\n",
        first,
        shell_quoted(seconds));
  }
  out += "  case $verb in\n";
  for (const Verb& verb : verbs) {
    out += bash_verb(verb);
  }
  return out + "  esac\n}\n\ncomplete -F _mlx_audio mlx-audio\n";
}

std::string zsh_completion(const std::vector<Verb>& verbs) {
  std::string out =
      "#compdef mlx-audio\n"
      "# Completion of mlx-audio for zsh.\n"
      "# Made by `mlx-audio completion zsh`.\n\n"
      "_mlx_audio_models() {\n"
      "  local -a names\n"
      "  names=(${(f)\"$(mlx-audio completion models 2>/dev/null)\"})\n"
      "  _alternative 'models:model:compadd -a names' 'files:file:_files'\n"
      "}\n\n"
      "_mlx_audio() {\n"
      "  local verb=$words[2]\n"
      "  local -a verbs\n"
      "  verbs=(\n";
  for (const auto& [word, summary] : first_words(verbs)) {
    out +=
        fmt::format("    {}\n", shell_quoted(word + ":" + zsh_text(summary)));
  }
  out +=
      "  )\n"
      "  if (( CURRENT == 2 )) || [[ $verb == help && $CURRENT == 3 ]]; "
      "then\n"
      "    _describe verb verbs\n"
      "    return\n"
      "  fi\n";
  const std::vector<Pair> two = pairs(verbs);
  for (std::size_t i = 0; i < two.size();) {
    const std::string first = two[i].first;
    std::string seconds;
    for (; i < two.size() && two[i].first == first; ++i) {
      seconds += fmt::format(
          "      {}\n",
          shell_quoted(two[i].second + ":" + zsh_text(two[i].summary)));
    }
    out += fmt::format(
        "  if [[ $verb == {0} ]]; then\n"
        "    verbs=(\n{1}    )\n"
        "    if (( CURRENT == 3 )); then\n"
        "      _describe verb verbs\n"
        "      return\n"
        "    fi\n"
        "    verb=\"{0} $words[3]\"\n"
        "    shift words\n"
        "    (( CURRENT-- ))\n"
        "  fi\n",
        first,
        seconds);
  }
  out += "  shift words\n  (( CURRENT-- ))\n  case $verb in\n";
  for (const Verb& verb : verbs) {
    out += zsh_verb(verb);
  }
  return out + "  esac\n}\n\n_mlx_audio \"$@\"\n";
}

std::string fish_completion(const std::vector<Verb>& verbs) {
  std::string out =
      "# Completion of mlx-audio for fish.\n"
      "# Made by `mlx-audio completion fish`.\n\n"
      "function __mlx_audio_verb\n"
      "    set -l words (commandline -opc)\n"
      "    set -e words[1]\n"
      "    set -l count (count $argv)\n"
      "    test (count $words) -ge $count\n"
      "    and test \"$words[1..$count]\" = \"$argv\"\n"
      "end\n\n"
      "function __mlx_audio_words\n"
      "    test (count (commandline -opc)) -eq $argv[1]\n"
      "end\n\n"
      "complete -c mlx-audio -n '__mlx_audio_words 1' -f\n"
      "complete -c mlx-audio -n '__mlx_audio_words 1' -l help -d 'all "
      "verbs'\n"
      "complete -c mlx-audio -n '__mlx_audio_words 1' -l version "
      "-d 'version of this program'\n";
  for (const auto& [word, summary] : first_words(verbs)) {
    out += fmt::format(
        "complete -c mlx-audio -n '__mlx_audio_words 1' -f -a {} -d {}\n"
        "complete -c mlx-audio "
        "-n '__mlx_audio_words 2; and __mlx_audio_verb help' -f -a {}\n",
        word,
        fish_quoted(summary),
        word);
  }
  for (const Pair& pair : pairs(verbs)) {
    out += fmt::format(
        "complete -c mlx-audio "
        "-n '__mlx_audio_words 2; and __mlx_audio_verb {}' -f -a {} -d "
        "{}\n",
        pair.first,
        pair.second,
        fish_quoted(pair.summary));
  }
  for (const Verb& verb : verbs) {
    out += fish_verb(verb);
  }
  return out;
}

} // namespace mlxaudio::cli
