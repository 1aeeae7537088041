// SPDX-License-Identifier: MIT
#pragma once

#include "cli/context.h"

namespace mlxaudio::cli {

/// `mlx-audio evaluate`.
Command evaluate_command();

} // namespace mlxaudio::cli
