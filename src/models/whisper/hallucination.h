// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/transcribe.py), Copyright (c) 2022
// OpenAI, https://github.com/openai/whisper, licenses/whisper.txt.
#pragma once

#include <span>
#include <vector>

#include "mlxaudio/stt.h"

namespace mlxaudio::whisper {

/// How odd a word is: improbable, very short or very long.
/// \port whisper.transcribe.transcribe.word_anomaly_score
double word_anomaly_score(const Word& word);

/// Whether a segment looks made up, by its first words.
/// \port whisper.transcribe.transcribe.is_segment_anomaly
/// \param segment may be null, or without words: then it does not
bool is_segment_anomaly(const Segment* segment);

/// The first segment that has words; null if none has.
/// \port whisper.transcribe.transcribe.next_words_segment
const Segment* next_words_segment(std::span<const Segment> segments);

/// A window that is looked through for what the model made up in silence.
struct WindowTimes {
  int seek; ///< where it begins. \unit frames
  int size; ///< \unit frames
  /// Of the whole audio. \unit frames
  int content_frames;
  /// Where speech ended before it. \unit s
  double last_speech_timestamp;
  /// Whether no speech follows the last timestamp.
  bool single_timestamp_ending;
};

/// What to do with a window.
struct SilenceSkip {
  /// Where the next window begins. \unit frames
  int seek;
  /// Whether nothing of this window counts.
  bool drop_window = false;
};

/// Skips silence before what may be made up, and drops made up segments that
/// have silence, or more of their kind, around them.
///
/// \port whisper.transcribe.transcribe.hallucination_silence_threshold
/// \param segments with words; those from the first made up one on are removed
/// \param seek where the next window would begin. \unit frames
/// \param threshold longest silence that is not skipped. \unit s
SilenceSkip skip_hallucinations(
    std::vector<Segment>& segments,
    const WindowTimes& window,
    int seek,
    double threshold);

} // namespace mlxaudio::whisper
