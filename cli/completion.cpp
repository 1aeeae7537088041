// SPDX-License-Identifier: MIT
#include "cli/completion.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "cli/info.h"
#include "cli/manual.h"
#include "cli/option_values.h"
#include "cli/streams.h"
#include "engine/model_store.h"

namespace mlxaudio::cli {
namespace {

/// The names of models that can be used now: scripts ask for them while a
/// command line is typed.
std::string installed_models() {
  std::string out;
  for (const engine::ModelListing& model : engine::list_models()) {
    if (model.installed) {
      out += model.name + "\n";
    }
  }
  return out;
}

} // namespace

Command completion_command(std::function<std::vector<Verb>()> verbs) {
  const std::vector<std::string> shells = {"bash", "zsh", "fish"};
  return {
      {.name = "completion",
       .summary = "what a shell reads to complete command lines",
       .description =
           "`make install` puts it where shells look for it. Otherwise: "
           "source <(mlx-audio completion bash), or `mlx-audio completion "
           "fish | source`, or write zsh's to a file _mlx-audio in a folder "
           "of fpath. SHELL may also be `models`: the names that --model "
           "takes now.",
       .positional =
           {.name = "SHELL",
            .help = "bash, zsh or fish",
            .least = 1,
            .most = 1,
            .offer = Offer::choices,
            .choices = shells},
       .groups = {},
       .examples =
           {{"mlx-audio completion bash > ~/.bash_completion",
             "For the shells that are started from now on."}}},
      [shells, verbs = std::move(verbs)](Context& context) {
        const std::string& shell = context.positionals.front();
        if (shell == "models") {
          print(installed_models());
          return ExitCode::done;
        }
        one_of(shell, shells);
        print(
            shell == "bash"  ? bash_completion(verbs())
            : shell == "zsh" ? zsh_completion(verbs())
                             : fish_completion(verbs()));
        return ExitCode::done;
      }};
}

Command man_command(std::function<std::vector<Verb>()> verbs) {
  return {
      {.name = "man",
       .summary = "the manual page, as roff",
       .description = "`make install` puts it where `man mlx-audio` finds it.",
       .positional = {},
       .groups = {},
       .examples = {{"mlx-audio man | man -l -", "Read it now."}}},
      [verbs = std::move(verbs)](Context&) {
        print(manual(verbs(), version()));
        return ExitCode::done;
      }};
}

} // namespace mlxaudio::cli
