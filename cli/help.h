// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace mlxaudio::cli {

/// The page that `mlx-audio --help` prints.
std::string overview(const std::vector<Verb>& verbs);

/// The page that `mlx-audio VERB --help` prints.
std::string help(const Verb& verb);

/// The whole of docs/cli.md.
std::string markdown(const std::vector<Verb>& verbs);

} // namespace mlxaudio::cli
