// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/whisper/config.h"
#include "models/whisper/sampling.h"

namespace mlxaudio::whisper {

/// How to decode one window.
///
/// \port whisper.decoding.DecodingOptions
struct DecodingOptions {
  // DEVIATION(whisper-fp16): the option `fp16` is left out. The type that a
  // model computes in belongs to the loaded model (f32 on a CPU, which the
  // reference uses there too).

  /// "transcribe", "translate", or "lang_id" to only detect the language.
  std::string task = "transcribe";
  /// Code of the language; detected when empty.
  std::optional<std::string> language = {};

  double temperature = 0.0;
  Draws draws = {};                    ///< made at temperatures above 0
  std::optional<int> sample_len = {};  ///< most tokens to sample
  std::optional<int> best_of = {};     ///< trajectories, if temperature > 0
  std::optional<int> beam_size = {};   ///< beams, if temperature == 0
  std::optional<double> patience = {}; ///< in beam search (arxiv:2204.05424)
  /// Divides the positive logits of tokens that a sequence has, and multiplies
  /// the negative ones; empty: does nothing. mlx-audio's, not the deciding
  /// reference's.
  std::optional<double> repetition_penalty = {};
  /// Google NMT's "alpha" for ranking; empty: by mean log probability.
  std::optional<double> length_penalty = {};

  /// Text or tokens of the previous context.
  std::variant<std::string, std::vector<int>> prompt = {};
  /// Text or tokens that the current context begins with.
  std::variant<std::string, std::vector<int>> prefix = {};

  /// Ids never to be sampled; -1 stands for the tokenizer's
  /// `non_speech_tokens`. Empty: nothing is suppressed, special tokens neither.
  std::vector<int> suppress_tokens = {-1};
  bool suppress_blank = true; ///< no blank at the beginning

  bool without_timestamps = false; ///< sample text tokens only
  /// Latest first timestamp; empty and, as in the reference, 0: no limit.
  /// \unit s
  std::optional<double> max_initial_timestamp = 1.0;
};

/// The options, if they are in range and go together.
/// \throws ArgumentError
const DecodingOptions& verify_options(
    const DecodingOptions& options, const ModelDimensions& dims);

} // namespace mlxaudio::whisper
