// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/context.h"

namespace mlxaudio::cli {

/// What a shell reads to complete command lines of this program.
std::string bash_completion(const std::vector<Verb>& verbs);
std::string zsh_completion(const std::vector<Verb>& verbs);
std::string fish_completion(const std::vector<Verb>& verbs);

/// `mlx-audio completion SHELL`.
/// \param verbs gives all verbs of the program
Command completion_command(std::function<std::vector<Verb>()> verbs);

/// `mlx-audio man`.
Command man_command(std::function<std::vector<Verb>()> verbs);

} // namespace mlxaudio::cli
