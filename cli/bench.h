// SPDX-License-Identifier: MIT
#pragma once

#include "cli/context.h"

namespace mlxaudio::cli {

/// `mlx-audio bench`: how long this program's own work takes.
Command bench_command();

} // namespace mlxaudio::cli
