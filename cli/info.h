// SPDX-License-Identifier: MIT
#pragma once

#include "cli/context.h"

namespace mlxaudio::cli {

/// Version of this program.
std::string version();

/// `mlx-audio info`.
/// \param verbs gives all verbs of the program, whose defaults are shown
Command info_command(std::function<std::vector<Verb>()> verbs);

} // namespace mlxaudio::cli
