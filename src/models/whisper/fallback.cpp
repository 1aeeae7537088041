// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/transcribe.py), Copyright (c) 2022
// OpenAI, https://github.com/openai/whisper, licenses/whisper.txt.
#include "models/whisper/fallback.h"

#include <cstdint>
#include <utility>

#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

DecodingOptions at_temperature(DecodingOptions options, double temperature) {
  options.temperature = temperature;
  if (temperature > 0) {
    options.beam_size.reset();
    options.patience.reset();
  } else {
    options.best_of.reset();
  }
  return options;
}

DecodingResult decode_with_fallback(
    const Decode& decode,
    const mx::array& segment,
    const DecodingOptions& options,
    const FallbackOptions& fallback) {
  if (fallback.temperatures.empty()) {
    throw ArgumentError(
        "[whisper.transcribe] there is no temperature to decode at: give one");
  }
  std::optional<DecodingResult> decode_result;
  std::uint32_t attempt = 0;
  for (const double t : fallback.temperatures) {
    DecodingOptions at_t = at_temperature(options, t);
    at_t.draws.attempt = attempt++;
    decode_result = decode(segment, at_t);

    const bool too_repetitive = fallback.compression_ratio_threshold &&
                                decode_result->compression_ratio >
                                    *fallback.compression_ratio_threshold;
    const bool too_improbable =
        fallback.logprob_threshold &&
        decode_result->avg_logprob < *fallback.logprob_threshold;
    const bool silence =
        fallback.no_speech_threshold &&
        decode_result->no_speech_prob > *fallback.no_speech_threshold &&
        too_improbable;
    if (silence || !(too_repetitive || too_improbable)) {
      break;
    }
  }
  return *std::move(decode_result);
}

} // namespace mlxaudio::whisper
