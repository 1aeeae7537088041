// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio {

/// What a model's linear layers are computed in on a processor. Attention,
/// norms, convolutions and the vocabulary stay in f32 whatever it is, and so do
/// steps of the decoder and the few other linear layers that rounding costs
/// most (ADR 13).
enum class Compute {
  f32,  ///< the reference's tokens
  bf16, ///< where the processor multiplies it (AVX512_BF16); slower than f32
        ///< where its instruction is slow
  int8, ///< fastest where there is AVX512_VNNI; some words differ
  automatic, ///< int8 where there is AVX512_VNNI, and kernels are on; else f32
};

} // namespace mlxaudio
