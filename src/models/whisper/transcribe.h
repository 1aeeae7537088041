// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/transcribe.py), Copyright (c) 2022
// OpenAI, https://github.com/openai/whisper, licenses/whisper.txt.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include <mlx/array.h>

#include "mlxaudio/stt.h"
#include "models/whisper/audio.h"
#include "models/whisper/decoding.h"
#include "models/whisper/fallback.h"
#include "models/whisper/mel_frames.h"
#include "models/whisper/timing.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// What `transcribe` asks of a model. Its own struct, so that the loop can be
/// tested with a model that says what a test wants.
struct Transcriber {
  ModelDimensions dims;
  std::function<Tokenizer(const std::string& language, const std::string& task)>
      get_tokenizer;
  /// \shape mel [T, n_mels] -> [1, n_audio_ctx, n_audio_state]
  std::function<mx::array(const mx::array& mel)> embed_audio;
  /// Takes audio features.
  std::function<std::vector<LanguageProbability>(const mx::array& features)>
      detect_language;
  /// Takes audio features [1, T, C].
  Decode decode;
  /// Takes the text tokens of a window, its audio features and its length in
  /// frames. Asked only with `word_timestamps`.
  std::function<std::vector<WordTiming>(
      const Tokenizer& tokenizer,
      std::span<const int> text_tokens,
      const mx::array& features,
      int num_frames)>
      find_alignment = {};
};

/// A model's own functions. \param stop polled before each decoder step
Transcriber make_transcriber(const Whisper& model, std::stop_token stop);

/// Segments of one window, and where the next begins.
struct WindowSegments {
  std::vector<Segment> segments;
  int seek; ///< \unit frames
  /// Whether the tokens end in one timestamp: no speech follows it.
  bool single_timestamp_ending;
};

/// Cuts a window's tokens into segments at pairs of timestamps.
///
/// \param seek where the window begins. \unit frames
/// \param segment_size how long it is. \unit frames
/// \param input_stride frames for each position of the encoder
WindowSegments split_window(
    const DecodingResult& result,
    const Tokenizer& tokenizer,
    int seek,
    int segment_size,
    int input_stride);

/// The prompt of a window, from all tokens so far.
///
/// \port whisper.transcribe.transcribe.carry_initial_prompt
/// \param n_initial_prompt of these are the initial prompt
/// \param prompt_reset_since first token that is not forgotten
std::vector<int> window_prompt(
    std::span<const int> all_tokens,
    std::size_t n_initial_prompt,
    std::size_t prompt_reset_since,
    bool carry_initial_prompt,
    int n_text_ctx);

/// Checks options against a model, before any work is done.
/// \throws ArgumentError, UnsupportedError for options that do not fit
void check_options(
    const ModelDimensions& dims, const TranscribeOptions& options);

/// Transcribes audio of any length, window after window.
///
/// \port whisper.transcribe.transcribe
/// \param callbacks called on this thread
/// \throws ArgumentError, UnsupportedError for options that do not fit;
///   InterruptedError if stopped before the first window was done
Transcription transcribe(
    const Transcriber& model,
    const MelFrames& mel,
    const TranscribeOptions& options,
    const TranscribeCallbacks& callbacks,
    const std::stop_token& stop);

Transcription transcribe(
    const Whisper& model,
    const MelFrames& mel,
    const TranscribeOptions& options = {},
    const TranscribeCallbacks& callbacks = {},
    const std::stop_token& stop = {});

} // namespace mlxaudio::whisper
