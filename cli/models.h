// SPDX-License-Identifier: MIT
#pragma once

#include "cli/context.h"

namespace mlxaudio::cli {

/// `mlx-audio models list`.
Command models_list_command();
/// `mlx-audio models info NAME`.
Command models_info_command();
/// `mlx-audio models import DIR --name NAME`.
Command models_import_command();

} // namespace mlxaudio::cli
