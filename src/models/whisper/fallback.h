// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/transcribe.py), Copyright (c) 2022
// OpenAI, https://github.com/openai/whisper, licenses/whisper.txt.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <mlx/array.h>

#include "models/whisper/decoding.h"

namespace mlxaudio::whisper {

/// Decodes one window.
using Decode = std::function<DecodingResult(
    const mx::array& mel, const DecodingOptions& options)>;

/// How to decode at one temperature: beam_size and patience are for 0, best_of
/// for the others.
DecodingOptions at_temperature(DecodingOptions options, double temperature);

/// When a window is decoded again at the next temperature.
struct FallbackOptions {
  std::vector<double> temperatures = {0.0, 0.2, 0.4, 0.6, 0.8, 1.0};
  std::optional<double> compression_ratio_threshold = 2.4;
  std::optional<double> logprob_threshold = -1.0;
  std::optional<double> no_speech_threshold = 0.6;
};

/// Decodes a window at one temperature after another until the result is not
/// too repetitive, not too improbable, or silence.
///
/// \port whisper.transcribe.transcribe.decode_with_fallback
/// \param options with beam_size and patience for temperature 0, best_of for
///   the others
/// \throws ArgumentError if there is no temperature
DecodingResult decode_with_fallback(
    const Decode& decode,
    const mx::array& segment,
    const DecodingOptions& options,
    const FallbackOptions& fallback);

} // namespace mlxaudio::whisper
