// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/decoding_options.h"

#include <cmath>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "models/whisper/audio.h"
#include "models/whisper/beam_search.h"

namespace mlxaudio::whisper {

const DecodingOptions& verify_options(
    const DecodingOptions& options, const ModelDimensions& dims) {
  const auto refuse = [](const std::string& what) {
    throw ArgumentError("[whisper.decode] " + what);
  };
  // DEVIATION(whisper-task-name): any other task is refused. The reference's
  // tokenizer takes it for a translation.
  if (options.task != "transcribe" && options.task != "translate" &&
      options.task != "lang_id") {
    refuse(fmt::format(
        "unknown task \"{}\": it is \"transcribe\", \"translate\" or "
        "\"lang_id\"",
        options.task));
  }
  if (options.beam_size && options.best_of) {
    refuse("beam_size and best_of exclude each other: give one of them");
  }
  if (options.temperature == 0 && options.best_of) {
    refuse("best_of needs a temperature above 0: greedy samples are all alike");
  }
  if (options.patience && !options.beam_size) {
    refuse("patience needs beam_size");
  }
  if (options.length_penalty &&
      !(*options.length_penalty >= 0 && *options.length_penalty <= 1)) {
    refuse(fmt::format(
        "length_penalty {} is not between 0 and 1",
        *options.length_penalty));
  }
  // DEVIATION(whisper-zero-counts): best_of and patience of 0 are refused; the
  // reference takes them for not given.
  if (options.best_of && *options.best_of < 1) {
    refuse(fmt::format(
        "best_of {} is no number of texts: give 1 or more, or leave it out",
        *options.best_of));
  }
  if (options.beam_size &&
      !(*options.beam_size >= 1 && *options.beam_size < dims.n_vocab)) {
    refuse(fmt::format(
        "beam_size {} is no number of beams: give 1 to {}, or leave it out "
        "for greedy decoding",
        *options.beam_size,
        dims.n_vocab - 1));
  }
  if (options.patience &&
      !(*options.patience > 0 && std::isfinite(*options.patience) &&
        BeamSearchDecoder::max_candidates(
            *options.beam_size,
            options.patience) > 0)) {
    refuse(fmt::format(
        "patience {} times beam_size {} is no number of texts to wait for: "
        "give 1 or more",
        *options.patience,
        *options.beam_size));
  }
  // DEVIATION(whisper-option-ranges): the reference takes any number here and
  // below, and does with some what nobody can have meant.
  // Less than this would divide a logit beyond the range of f32.
  constexpr double kLeastTemperature = 1e-6;
  if (options.temperature != 0 && !(options.temperature >= kLeastTemperature &&
                                    std::isfinite(options.temperature))) {
    refuse(fmt::format(
        "temperature {} cannot be sampled at: give 0, or a number above 0",
        options.temperature));
  }
  if (options.repetition_penalty &&
      !(*options.repetition_penalty > 0 &&
        std::isfinite(*options.repetition_penalty))) {
    refuse(fmt::format(
        "repetition_penalty {} is not a number above 0",
        *options.repetition_penalty));
  }
  if (options.sample_len.value_or(0) < 0) {
    refuse(fmt::format("sample_len {} is negative", *options.sample_len));
  }
  if (!(options.max_initial_timestamp.value_or(0) >= 0 &&
        options.max_initial_timestamp.value_or(0) <= kChunkLength)) {
    refuse(fmt::format(
        "max_initial_timestamp {} is not within a window of {} s",
        *options.max_initial_timestamp,
        kChunkLength));
  }
  for (const int token : options.suppress_tokens) {
    if (token < -1 || token >= dims.n_vocab) {
      refuse(fmt::format(
          "suppress_tokens has {}, which is not a token: they go from 0 to "
          "{}, and -1 stands for those that are not speech",
          token,
          dims.n_vocab - 1));
    }
  }
  const auto check_context =
      [&](const std::variant<std::string, std::vector<int>>& context,
          const char* name) {
        const auto* tokens = std::get_if<std::vector<int>>(&context);
        for (const int token : tokens ? *tokens : std::vector<int>{}) {
          if (token < 0 || token >= dims.n_vocab) {
            refuse(fmt::format(
                "{} has {}, which is not a token: they go from 0 to {}",
                name,
                token,
                dims.n_vocab - 1));
          }
        }
      };
  check_context(options.prompt, "prompt");
  check_context(options.prefix, "prefix");
  return options;
}

} // namespace mlxaudio::whisper
