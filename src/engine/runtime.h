// SPDX-License-Identifier: MIT
#pragma once

#include "mlxaudio/load.h"

namespace mlxaudio::engine {

/// Sets what MLX and the kernels have one of in a process: the default device
/// and the pool of threads. The first call decides.
/// \throws UnsupportedError if there is no such device; ArgumentError for
///   another device or number of threads than the first call's
void start_runtime(const LoadOptions& options);

/// What products are to be computed in; after `start_runtime`.
/// \return f32, bf16 or int8; on a GPU f32, which stands for the weights' type
/// \throws UnsupportedError for what the device cannot compute in
Compute compute_of(const LoadOptions& options);

} // namespace mlxaudio::engine
