// SPDX-License-Identifier: MIT
#include <algorithm>
#include <exception>
#include <new>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/completion.h"
#include "cli/config.h"
#include "cli/context.h"
#include "cli/evaluate.h"
#include "cli/evaluate_compare.h"
#include "cli/help.h"
#include "cli/info.h"
#include "cli/models.h"
#include "cli/streams.h"
#include "cli/transcribe.h"
#include "mlxaudio/error.h"

namespace mlxaudio::cli {
namespace {

std::vector<Verb> verbs();

std::vector<Command> commands() {
  return {
      transcribe_command(),
      evaluate_command(),
      evaluate_compare_command(),
      bench_command(),
      models_list_command(),
      models_info_command(),
      models_import_command(),
      info_command(verbs),
      completion_command(verbs),
      man_command(verbs)};
}

std::vector<Verb> verbs() {
  std::vector<Verb> all;
  for (Command& command : commands()) {
    all.push_back(std::move(command.verb));
  }
  return all;
}

bool is_help(const std::string& word) {
  return word == "--help" || word == "-h" || word == "--help-all";
}

/// How many words of `line` are the name of the verb: 0 if they are not.
std::size_t words_of(const Verb& verb, const std::vector<std::string>& line) {
  std::size_t words = 0;
  std::size_t at = 0;
  while (at < verb.name.size()) {
    const std::size_t space =
        std::min(verb.name.find(' ', at), verb.name.size());
    if (words >= line.size() ||
        line[words] != verb.name.substr(at, space - at)) {
      return 0;
    }
    ++words;
    at = space + 1;
  }
  return words;
}

/// Verbs whose names begin with a word, as those of "models".
std::vector<Verb> verbs_of(const std::string& word) {
  std::vector<Verb> found;
  for (Verb& verb : verbs()) {
    if (verb.name.substr(0, verb.name.find(' ')) == word) {
      found.push_back(std::move(verb));
    }
  }
  return found;
}

[[noreturn]] void refuse_verb(const std::vector<std::string>& line) {
  std::string known;
  for (const Verb& verb : verbs_of(line[0])) {
    known += (known.empty() ? "" : ", ") + verb.name;
  }
  throw ArgumentError(
      known.empty()
          ? fmt::format("unknown verb \"{}\": see mlx-audio --help", line[0])
          : fmt::format("say which: {}", known));
}

ExitCode show_help(const std::vector<std::string>& line) {
  if (line.size() > 1 && line[1] == "--markdown") {
    print(markdown(verbs()));
    return ExitCode::done;
  }
  const std::vector<std::string> wanted(
      line.begin() + (line.empty() ? 0 : 1),
      line.end());
  if (wanted.empty()) {
    print(overview(verbs()));
    return ExitCode::done;
  }
  for (const Verb& verb : verbs()) {
    if (words_of(verb, wanted) > 0) {
      print(help(verb));
      return ExitCode::done;
    }
  }
  const auto group = verbs_of(wanted[0]);
  if (group.empty() || wanted.size() > 1) {
    refuse_verb(wanted);
  }
  for (const Verb& verb : group) {
    print((&verb == &group.front() ? "" : "\n") + help(verb));
  }
  return ExitCode::done;
}

ExitCode dispatch(const std::vector<std::string>& line, Signals& signals) {
  if (line.empty()) {
    tell(overview(verbs()));
    return ExitCode::usage;
  }
  if (line[0] == "--version") {
    print(fmt::format("mlx-audio {}\n", version()));
    return ExitCode::done;
  }
  if (is_help(line[0])) {
    return show_help({});
  }
  if (line[0] == "help") {
    return show_help(line);
  }
  for (const Command& command : commands()) {
    const std::size_t words = words_of(command.verb, line);
    if (words == 0) {
      continue;
    }
    const std::vector<std::string> rest(
        line.begin() + static_cast<std::ptrdiff_t>(words),
        line.end());
    const auto stop = std::find(rest.begin(), rest.end(), "--");
    if (std::any_of(rest.begin(), stop, is_help)) {
      const bool all = std::find(rest.begin(), stop, "--help-all") != stop;
      print(help(command.verb, all ? Detail::all : Detail::usual));
      return ExitCode::done;
    }
    CommandLine given = read_line(command.verb, rest);
    Defaults defaults;
    if (command.verb.configurable) {
      defaults = find_defaults(config_file(given), verbs(), command.verb);
    }
    apply(command.verb, given, defaults);
    Context context{signals, std::move(given.positionals)};
    return command.run(context);
  }
  if (line.size() > 1 && is_help(line[1])) {
    return show_help({"help", line[0]});
  }
  refuse_verb(line);
}

/// The exit code of what went wrong, after saying it.
ExitCode report(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const ClosedPipe&) {
    return ExitCode::output; // nobody is there to read a message
  } catch (const Error& e) {
    tell_error(e.what());
    return exit_code_of(e.code());
  } catch (const std::bad_alloc&) {
    tell("mlx-audio: not enough memory: use a smaller model\n");
    return ExitCode::model;
  } catch (const std::exception& e) {
    tell_error(e.what());
    return ExitCode::model;
  }
}

ExitCode run(const std::vector<std::string>& line, Signals& signals) {
  ExitCode code = ExitCode::done;
  try {
    code = dispatch(line, signals);
  } catch (...) {
    code = report(std::current_exception());
  }
  try {
    close_output();
  } catch (...) {
    return report(std::current_exception());
  }
  return code;
}

} // namespace
} // namespace mlxaudio::cli

int main(int argc, char** argv) {
  using namespace mlxaudio::cli;
  keep_standard_streams();
  Signals signals; // before anything that starts a thread
  return static_cast<int>(run({argv + 1, argv + argc}, signals));
}
