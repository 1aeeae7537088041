// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio::cli {

/// Most memory that the process has held so far. \unit bytes
double peak_memory();

} // namespace mlxaudio::cli
