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
  Decode decode;
};

/// A model's own functions. \param stop polled before each decoder step
Transcriber make_transcriber(const Whisper& model, std::stop_token stop);

/// Segments of one window, and where the next begins.
struct WindowSegments {
  std::vector<Segment> segments;
  int seek; ///< \unit frames
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
