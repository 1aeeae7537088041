// SPDX-License-Identifier: MIT
// Ported from mlx-audio (mlx_audio/stt/models/whisper/streaming.py), Copyright
// (c) 2023 Apple Inc. and Prince Canuma, https://github.com/Blaizzy/mlx-audio,
// licenses/mlx-audio.txt.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <mlx/array.h>

#include "models/whisper/decoding.h"
#include "models/whisper/mel_window.h"
#include "models/whisper/tokenizer.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// When text of unfinished audio is stable enough to be given out: AlignAtt
/// (arxiv.org/abs/2305.11408) watches which part of the audio is attended to.
///
/// \port mlx_audio.stt.models.whisper.streaming.StreamingConfig
struct StreamingConfig {
  // DEVIATION(whisper-streaming-config): `min_chunk_duration` and
  // `emit_partial` are left out: the reference never reads them.

  /// Text ends where the attention comes as near as this to the end of the
  /// audio. \unit positions of the encoder, 0.02 s
  int frame_threshold = 25;
};

/// What one more chunk of audio gave.
///
/// \port mlx_audio.stt.models.whisper.streaming.StreamingResult
struct StreamingResult {
  std::string text;        ///< of the new tokens
  std::vector<int> tokens; ///< beyond those given out before
  bool is_final = false;   ///< whether the audio has ended
  /// As the reference has them, which counts a token as 0.02 s: the order of
  /// results, not times of speech.
  double start_time = 0;
  double end_time = 0;
  double progress = 0;       ///< share of the audio that is done
  double audio_position = 0; ///< \unit s
  double audio_duration = 0; ///< \unit s
  std::string language = {};
};

/// The position of the audio that the last token attends to most, on average
/// over some heads; the first of equals.
///
/// \port mlx_audio.stt.models.whisper.streaming.get_most_attended_frame
/// \shape cross_qk of each block [1, n_head, T, n_audio_ctx]
int get_most_attended_frame(
    const std::vector<mx::array>& cross_qk,
    const AlignmentHeads& alignment_heads);

/// Whether the attention has come near the end of the audio.
///
/// \port mlx_audio.stt.models.whisper.streaming.should_emit
bool should_emit(
    int most_attended_frame, int content_frames, const StreamingConfig& config);

/// Decodes audio that is still arriving: each chunk is added to the last 30 s,
/// which are decoded anew, greedily and without timestamps, up to where the
/// attention nears their end.
///
/// As in the reference, what was given out before is only counted, not
/// compared: where the text of the longer audio differs, or the 30 s move on,
/// the new tokens need not follow the old ones.
///
/// \port mlx_audio.stt.models.whisper.streaming.StreamingDecoder
class StreamingDecoder {
 public:
  /// \param model must outlive this
  /// \param language "en" if empty
  explicit StreamingDecoder(
      const Whisper& model,
      StreamingConfig config = {},
      std::optional<std::string> language = {},
      const std::string& task = "transcribe",
      std::stop_token stop = {});

  /// Forgets all audio and text.
  void reset();

  /// \shape mel [n_frames, n_mels]
  /// \state adds to the audio
  /// \throws InterruptedError when stopped, ArgumentError for another shape
  StreamingResult decode_chunk(const mx::array& mel, bool is_last = false);

 private:
  const Whisper& model_;
  StreamingConfig config_;
  std::stop_token stop_;
  Tokenizer tokenizer_;
  std::vector<int> sot_sequence_;
  std::vector<std::unique_ptr<LogitFilter>> logit_filters_;
  std::size_t n_emitted_ = 0;
  MelWindow accumulated_mel_;
};

/// How to transcribe while audio arrives.
struct StreamingOptions {
  double chunk_duration = 1.0;           ///< \unit s
  std::optional<std::string> language{}; ///< detected from the first chunk
  std::string task = "transcribe";
  int frame_threshold = 25; ///< see StreamingConfig
};

/// Transcribes audio chunk by chunk. Results without text are left out, but
/// for the last.
///
/// \port mlx_audio.stt.models.whisper.whisper.Model.generate_streaming
/// \param audio at 16 kHz
/// \throws ArgumentError for a chunk without a frame, InterruptedError
void generate_streaming(
    const Whisper& model,
    std::span<const float> audio,
    const StreamingOptions& options,
    const std::function<void(const StreamingResult&)>& on_result,
    const std::stop_token& stop = {});

} // namespace mlxaudio::whisper
