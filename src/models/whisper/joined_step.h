// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <mlx/array.h>

#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// What a window needs to be decoded one token further.
struct WindowStep {
  std::vector<int> tokens;  ///< the newest of each of its sequences. \shape [B]
  mx::array audio_features; ///< [1, n_audio_ctx, n_audio_state]
  TextDecoder::Cache kv_cache; ///< of a first pass at least
};

/// Which of some windows may take a step together so that each gets what it
/// gets alone, to the last bit.
///
/// A row of our products does not depend on the others, but few rows have
/// another kernel than many, which sums in another order. So windows whose rows
/// are few go together while all their rows are, and those that have many by
/// themselves go together without limit. Where our products do not serve (a
/// GPU, or kernels turned off), each goes alone.
/// \param rows sequences of each window
/// \return indices of windows, each once
std::vector<std::vector<std::size_t>> groups_of_steps(
    std::span<const std::size_t> rows, bool joinable);

/// Whether a decoder's rows do not depend on each other here.
bool is_joinable(const TextDecoder& decoder);

/// Decodes windows one token further. What all have in common, the weights, is
/// read once for all; each attends to its own tokens and its own audio.
/// \param windows that go together, as `groups_of_steps` says
/// \return logits of each. \shape [B, 1, n_vocab]
/// \state appends to the caches
/// \throws ArgumentError if a window's text context is full
std::vector<mx::array> joined_step(
    const TextDecoder& decoder, std::span<WindowStep* const> windows);

} // namespace mlxaudio::whisper
