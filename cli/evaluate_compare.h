// SPDX-License-Identifier: MIT
#pragma once

#include "cli/context.h"

namespace mlxaudio::cli {

/// `mlx-audio evaluate-compare`.
Command evaluate_compare_command();

} // namespace mlxaudio::cli
