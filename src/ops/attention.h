// SPDX-License-Identifier: MIT
#pragma once

#include "ops/array.h"

namespace mlxaudio::ops {

/// Multi-head attention over channels that hold the heads side by side.
///
/// On a CPU keys and values in f16 and bf16 are read as they are, and the work
/// is done in f32.
/// \shape q [B, T, C], k and v [B, S, C] -> [B, T, C]
/// \param qk_scale multiplies the queries and the keys, each
/// \param causal query i sees the keys up to i + S - T
/// \throws ArgumentError if shapes do not fit, or causal and S < T
mx::array attention(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int n_head,
    float qk_scale,
    bool causal);

struct AttentionScores {
  mx::array out; ///< \shape [B, T, C]
  mx::array qk;  ///< scores before the softmax, masked. \shape [B, H, T, S]
};

/// As `attention`, with the scores kept (for alignment and for taps). Always
/// made of MLX's own operations.
AttentionScores attention_with_scores(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int n_head,
    float qk_scale,
    bool causal);

} // namespace mlxaudio::ops
