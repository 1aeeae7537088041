// SPDX-License-Identifier: MIT
#include "models/whisper/lrc_writer.h"

#include <cmath>
#include <cstdint>
#include <ostream>
#include <string>

#include <fmt/format.h>

#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "text/python.h"

namespace mlxaudio::whisper {
namespace {

/// `mm:ss.xx`.
std::string time_of(double seconds) {
  // Past this, hundredths no longer fit a double's 53 bits.
  constexpr double kMost = 9.0e13;
  if (!(seconds >= 0 && seconds <= kMost)) {
    throw ArgumentError(fmt::format(
        "[whisper.writers] a time of {} s cannot be written: it must be a "
        "number from 0 to {:g}",
        text::python_repr(seconds),
        kMost));
  }
  const auto hundredths =
      static_cast<std::int64_t>(std::nearbyint(seconds * 100));
  return fmt::format(
      "{:02d}:{:02d}.{:02d}",
      hundredths / 6000,
      hundredths / 100 % 60,
      hundredths % 100);
}

/// Text on one line.
std::string line_of(std::string_view text) {
  std::string out = replace_malformed_utf8(text);
  for (char& c : out) {
    c = c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

} // namespace

void WriteLRC::write(const Segment& segment, std::ostream& file) {
  const std::string_view text = text::python_strip(segment.text);
  if (text.empty()) {
    return;
  }
  file << '[' << time_of(segment.start) << ']';
  if (!segment.words || segment.words->empty()) {
    file << line_of(text) << '\n';
    return;
  }
  for (const Word& word : *segment.words) {
    // The blank before a word belongs to the word before it.
    const bool first = &word == &segment.words->front();
    const std::string_view stripped = text::python_strip(word.word);
    const bool blank = !word.word.empty() && word.word.front() == ' ';
    file << (blank && !first ? " " : "") << '<' << time_of(word.start) << '>'
         << line_of(stripped);
  }
  file << '<' << time_of(segment.words->back().end) << ">\n";
}

} // namespace mlxaudio::whisper
