// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/utils.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "models/whisper/subtitle_lines.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/utf8.h"
#include "models/whisper/utils.h"
#include "text/python.h"

namespace mlxaudio::whisper {

namespace {

/// What there is at most where no option says it.
constexpr std::size_t kNoLimit = 1000;
/// A pause after which a cue that may go on across segments ends all the same.
/// \unit s
constexpr double kLongPause = 3.0;

/// A limit; 0 is none, as in Python's `or`.
std::optional<std::size_t> limit(
    const std::optional<int>& option, std::string_view name) {
  // DEVIATION(whisper-negative-limits): the reference takes a negative limit,
  // and breaks the line before every word.
  if (option.value_or(0) < 0) {
    throw ArgumentError(fmt::format(
        "[whisper.writers] {} is {}: give a number above 0, or leave it out",
        name,
        *option));
  }
  return option.value_or(0) == 0
             ? std::nullopt
             : std::optional(static_cast<std::size_t>(*option));
}

/// Python's `len(str)`, of well-formed text.
std::size_t length(std::string_view text) {
  return to_utf32(text)->size();
}

} // namespace

SubtitleLines::SubtitleLines(const WriterOptions& options)
    : max_line_width_(
          limit(options.max_line_width, "max_line_width").value_or(kNoLimit)),
      max_line_count_(limit(options.max_line_count, "max_line_count")),
      max_words_per_line_(
          limit(options.max_words_per_line, "max_words_per_line")
              .value_or(kNoLimit)),
      preserve_segments_(
          !max_line_count_ || options.max_line_width.value_or(0) == 0) {}

std::vector<Subtitle> SubtitleLines::add(const Segment& segment) {
  const auto words = segment.words.value_or(std::vector<Word>{});
  std::vector<Subtitle> complete;
  if (!last_ && !words.empty()) {
    last_ = get_start({&segment, 1});
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    Word timing = words[i];
    timing.word = replace_malformed_utf8(timing.word);
    const bool long_pause =
        !preserve_segments_ && last_ && timing.start - *last_ > kLongPause;
    const bool has_room = line_len_ + length(timing.word) <= max_line_width_;
    const bool seg_break = i % max_words_per_line_ == 0 && !subtitle_.empty() &&
                           preserve_segments_;
    if (line_len_ > 0 && has_room && !long_pause && !seg_break) {
      line_len_ += length(timing.word);
    } else {
      timing.word = std::string(text::python_strip(timing.word));
      const std::size_t word_len = length(timing.word);
      const bool full = !subtitle_.empty() && max_line_count_ &&
                        (long_pause || line_count_ >= *max_line_count_);
      if (full || seg_break) {
        complete.push_back(std::exchange(subtitle_, {}));
        line_count_ = 1;
      } else if (line_len_ > 0) {
        ++line_count_;
        timing.word.insert(0, 1, '\n');
      }
      line_len_ = word_len;
    }
    last_ = timing.start;
    subtitle_.push_back(std::move(timing));
  }
  return complete;
}

std::optional<Subtitle> SubtitleLines::finish() {
  if (subtitle_.empty()) {
    return std::nullopt;
  }
  return std::exchange(subtitle_, {});
}

} // namespace mlxaudio::whisper
