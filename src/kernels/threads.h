// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio::kernels {

/// Threads that kernels and products share: one OpenMP team, which belongs to
/// the thread that MLX runs the CPU stream's work on.
int threads();

/// Sets the number of threads for the process; 0 is the number of physical
/// cores that the process may run on.
/// \throws ArgumentError below 0 or above 1024
void set_threads(int n);

/// Number of physical cores among the processors that the process may use.
int physical_cores();

/// Makes the calling thread's OpenMP team the size that `threads()` says. Each
/// kernel does so first: the setting belongs to a thread, and the thread that
/// runs MLX's work is not the one that chose the number.
void adopt_threads();

} // namespace mlxaudio::kernels
