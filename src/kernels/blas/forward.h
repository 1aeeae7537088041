// SPDX-License-Identifier: MIT
#pragma once

/// What the forwarder of MLX's matrix products does; see forward.cpp.
extern "C" {

/// "oneDNN", "OpenBLAS" or "reference" (the one that MLX's wheel brings).
const char* mlxaudio_blas_name();

/// How many products came through the forwarder in this process. 0 after a
/// product of MLX's means that it is not in effect.
unsigned long long mlxaudio_blas_calls();

/// Threads for products from now on, where the library that does them has
/// threads.
void mlxaudio_blas_set_threads(int n);
}
