// SPDX-License-Identifier: MIT
#pragma once

#include "cli/context.h"

namespace mlxaudio::cli {

/// `mlx-audio transcribe`.
Command transcribe_command();

} // namespace mlxaudio::cli
