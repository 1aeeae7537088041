// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "mlx/array.h"

namespace mlxaudio {

namespace mx = mlx::core;

/// An array that may be absent (a bias, a mask, a cache).
using Maybe = std::optional<mx::array>;

namespace ops {

using mlxaudio::Maybe;

/// Whether new work of this thread goes to the CPU.
bool on_cpu();

/// The array in the type that the device computes in: on a CPU half types
/// become f32, on a GPU nothing changes.
mx::array widen(const mx::array& a);

/// The array in f16, as what is read often is kept where f16 is fine enough.
mx::array narrow(const mx::array& a);

} // namespace ops
} // namespace mlxaudio
