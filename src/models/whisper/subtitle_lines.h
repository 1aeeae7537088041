// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/utils.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "models/whisper/writers.h"

namespace mlxaudio::whisper {

/// Words of one cue, as they are shown: without the blank where a line begins,
/// after an end of line where the cue has one before.
using Subtitle = std::vector<Word>;

/// Puts words together to lines, and lines to cues.
///
/// \port whisper.utils.SubtitlesWriter.iterate_result.iterate_subtitles
class SubtitleLines {
 public:
  /// \throws ArgumentError for an option that is negative
  explicit SubtitleLines(const WriterOptions& options);

  /// Takes the words of a segment.
  /// \return the cues that are complete now
  std::vector<Subtitle> add(const Segment& segment);

  /// The cue that is left, if there is one.
  std::optional<Subtitle> finish();

 private:
  std::size_t max_line_width_;
  std::optional<std::size_t> max_line_count_;
  std::size_t max_words_per_line_;
  bool preserve_segments_; ///< no cue holds words of two segments

  Subtitle subtitle_;
  std::size_t line_len_ = 0; ///< \unit code points
  std::size_t line_count_ = 1;
  std::optional<double> last_; ///< start of the word before. \unit s
};

} // namespace mlxaudio::whisper
