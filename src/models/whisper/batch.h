// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>

#include "mlxaudio/stt.h"
#include "models/whisper/inference.h"
#include "models/whisper/mel_frames.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// Makes an inference whose steps are taken together with those of others.
using MakeInference = std::function<std::unique_ptr<Inference>()>;

/// One of several pieces of work that decode with one model.
/// \param inferences for decoding windows of one audio, within this work
using BatchWork =
    std::function<void(std::size_t number, const MakeInference& inferences)>;

/// Does work 0 to n - 1, up to `size` of them at a time, all on this thread:
/// each goes on until it needs a step of the decoder; when all of them do, the
/// steps are taken together (`joined_step`). One that ends makes room for the
/// next. What each computes does not depend on the others.
/// \param size at least 1
/// \throws what work throws, which ends all
void run_batch(
    const Whisper& model, std::size_t n, std::size_t size, BatchWork work);

/// As `transcribe`, decoding by such inferences.
Transcription transcribe(
    const Whisper& model,
    const MakeInference& inferences,
    const MelFrames& mel,
    const TranscribeOptions& options,
    const TranscribeCallbacks& callbacks,
    const std::stop_token& stop);

} // namespace mlxaudio::whisper
