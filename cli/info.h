// SPDX-License-Identifier: MIT
#pragma once

#include "cli/context.h"

namespace mlxaudio::cli {

/// Version of this program.
std::string version();

/// `mlx-audio info`.
Command info_command();

} // namespace mlxaudio::cli
