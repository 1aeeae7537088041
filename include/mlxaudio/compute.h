// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio {

/// What a model's products are computed in on a processor. Attention, norms
/// and all that is not a product with weights are computed in f32 throughout.
enum class Compute {
  f32,       ///< the reference's tokens
  bf16,      ///< where the processor multiplies it (AVX512_BF16)
  int8,      ///< faster yet; some words differ
  automatic, ///< the fastest that this processor multiplies well
};

} // namespace mlxaudio
