// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/verb.h"

namespace mlxaudio::cli {

/// The page that `mlx-audio --help` prints.
std::string overview(const std::vector<Verb>& verbs);

enum class Detail { usual, all };

/// The page that `mlx-audio VERB --help` prints, or `--help-all`.
std::string help(const Verb& verb, Detail detail = Detail::usual);

/// "mlx-audio VERB [OPTIONS] FILE...".
std::string usage(const Verb& verb);

/// Exit codes and what they mean.
std::span<const std::pair<std::string_view, std::string_view>> exit_codes();

/// The whole of docs/cli.md.
std::string markdown(const std::vector<Verb>& verbs);

} // namespace mlxaudio::cli
