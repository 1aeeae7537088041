// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio {

/// What a model's linear layers are computed in on a processor. Attention,
/// norms and convolutions stay in f32 whatever it is. In bf16 and int8 weights
/// that a step of the decoder reads have 12 bits, and keys and values of the
/// audio are kept in f16 (ADR 16); in int8 the few layers of the encoder that
/// rounding costs most stay in f32 (ADR 13).
enum class Compute {
  f32,  ///< the reference's tokens
  bf16, ///< where the processor multiplies it (AVX512_BF16); slower than f32
        ///< where its instruction is slow
  int8, ///< fastest where there is AVX512_VNNI; some words differ
  automatic, ///< int8 where there is AVX512_VNNI, and kernels are on; else f32
};

} // namespace mlxaudio
