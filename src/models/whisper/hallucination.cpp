// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/transcribe.py), Copyright (c) 2022
// OpenAI, https://github.com/openai/whisper, licenses/whisper.txt.
#include "models/whisper/hallucination.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "models/whisper/audio.h"
#include "models/whisper/utils.h"

namespace mlxaudio::whisper {

namespace {

/// Words that are part of this count for nothing.
constexpr std::string_view kPunctuation = "\"'“¿([{-\"'.。,，!！?？:：”)]}、";
/// Words of a segment that are looked at.
constexpr std::size_t kMostWords = 8;
/// How near to an end of the window counts as silence there. \unit s
constexpr double kNearEnd = 2.0;

/// \unit s -> frames
int frames(double seconds) {
  return static_cast<int>(nearest_frame(seconds));
}

} // namespace

double word_anomaly_score(const Word& word) {
  const double duration = word.end - word.start;
  double score = 0;
  if (word.probability < 0.15) {
    score += 1;
  }
  if (duration < 0.133) {
    score += (0.133 - duration) * 15;
  }
  if (duration > 2.0) {
    score += duration - 2.0;
  }
  return score;
}

bool is_segment_anomaly(const Segment* segment) {
  if (segment == nullptr || !segment->words || segment->words->empty()) {
    return false;
  }
  double score = 0;
  std::size_t n_words = 0;
  for (const Word& word : *segment->words) {
    if (kPunctuation.find(word.word) != std::string_view::npos) {
      continue;
    }
    score += word_anomaly_score(word);
    if (++n_words == kMostWords) {
      break;
    }
  }
  return score >= 3 || score + 0.01 >= static_cast<double>(n_words);
}

const Segment* next_words_segment(std::span<const Segment> segments) {
  const auto found =
      std::find_if(segments.begin(), segments.end(), [](const Segment& s) {
        return s.words && !s.words->empty();
      });
  return found == segments.end() ? nullptr : &*found;
}

SilenceSkip skip_hallucinations(
    std::vector<Segment>& segments,
    const WindowTimes& window,
    int seek,
    double threshold) {
  const double time_offset = seconds_of(window.seek);
  const double window_end_time =
      seconds_of(std::int64_t{window.seek} + kNFrames);
  const double segment_duration = seconds_of(window.size);

  if (!window.single_timestamp_ending) {
    const auto last_word_end = get_end(segments);
    if (last_word_end && *last_word_end > time_offset) {
      seek = window_end_time - *last_word_end > threshold
                 ? frames(*last_word_end)
                 : window.seek + window.size;
    }
  }

  // Silence at the beginning, if what follows may be made up.
  const Segment* first_segment = next_words_segment(segments);
  if (is_segment_anomaly(first_segment)) {
    const double gap = first_segment->start - time_offset;
    // DEVIATION(whisper-no-progress): a gap of less than half a frame would
    // bring the same window again, for ever.
    if (gap > threshold && frames(gap) > 0) {
      return {window.seek + frames(gap), true};
    }
  }

  double hal_last_end = window.last_speech_timestamp;
  for (std::size_t si = 0; si < segments.size(); ++si) {
    const Segment& segment = segments[si];
    if (!segment.words || segment.words->empty()) {
      continue;
    }
    if (is_segment_anomaly(&segment)) {
      const Segment* next_segment = next_words_segment(
          std::span<const Segment>(segments).subspan(si + 1));
      const double hal_next_start = next_segment != nullptr
                                        ? next_segment->words->front().start
                                        : time_offset + segment_duration;
      const bool silence_before = segment.start - hal_last_end > threshold ||
                                  segment.start < threshold ||
                                  segment.start - time_offset < kNearEnd;
      const bool silence_after = hal_next_start - segment.end > threshold ||
                                 is_segment_anomaly(next_segment) ||
                                 window_end_time - segment.end < kNearEnd;
      if (silence_before && silence_after) {
        seek = frames(std::max(time_offset + 1, segment.start));
        if (seconds_of(window.content_frames) - segment.end < threshold) {
          seek = window.content_frames;
        }
        segments.erase(
            segments.begin() + static_cast<std::ptrdiff_t>(si),
            segments.end());
        break;
      }
    }
    hal_last_end = segment.end;
  }
  return {seek};
}

} // namespace mlxaudio::whisper
