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
#include "models/whisper/timing.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// The log-mel frames of some audio, by range.
struct MelFrames {
  /// Frames of the audio itself; 30 s of padding follow them.
  int content_frames;
  /// Frames [seek, seek + n). \shape -> [n, n_mels]
  std::function<mx::array(int seek, int n)> frames;
};

/// Frames of `n_samples` samples at 16 kHz, which `samples` gives by range.
///
/// The loudest frame of all is searched first: it decides the scale of each.
/// \throws InterruptedError when stopped
MelFrames mel_frames(
    std::int64_t n_samples,
    LogMel::Samples samples,
    int n_mels,
    const std::stop_token& stop = {});

/// The same of samples in memory, which must outlive the result.
MelFrames mel_frames(
    std::span<const float> audio, int n_mels, const std::stop_token& stop = {});

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
  /// Takes a spectrogram [T, n_mels] or audio features [1, T, C].
  std::function<DecodingResult(
      const mx::array& mel, const DecodingOptions& options)>
      decode;
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

/// When a window is decoded again at the next temperature.
struct FallbackOptions {
  std::vector<double> temperatures = {0.0};
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
DecodingResult decode_with_fallback(
    const Transcriber& model,
    const mx::array& segment,
    const DecodingOptions& options,
    const FallbackOptions& fallback);

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
