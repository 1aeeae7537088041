// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio::kernels {

/// Threads that work on a kernel, the one that MLX runs the CPU stream's work
/// on among them.
int threads();

/// Sets the number of threads for the process, those of MLX's own products
/// too; 0 is the number of physical cores that the process may run on.
/// \throws ArgumentError below 0 or above 1024
void set_threads(int n);

/// Number of physical cores among the processors that the process may use.
int physical_cores();

} // namespace mlxaudio::kernels
