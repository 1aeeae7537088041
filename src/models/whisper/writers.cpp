// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "models/whisper/writers.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>

#include <fmt/format.h>

#include "core/utf8.h"
#include "models/whisper/utils.h"
#include "text/python.h"

namespace mlxaudio::whisper {
namespace {

std::string stripped(const Segment& segment) {
  return replace_malformed_utf8(text::python_strip(segment.text));
}

std::string replaced(
    std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::int64_t milliseconds(double seconds) {
  return static_cast<std::int64_t>(std::nearbyint(1000 * seconds));
}

std::string json_segment(const Segment& segment) {
  return fmt::format(
      R"({{"id": {}, "seek": {}, "start": {}, "end": {}, "text": {}, )"
      R"("tokens": [{}], "temperature": {}, "avg_logprob": {}, )"
      R"("compression_ratio": {}, "no_speech_prob": {}{}}})",
      segment.id,
      segment.seek,
      text::json_number(segment.start),
      text::json_number(segment.end),
      text::json_string(segment.text),
      fmt::join(segment.tokens, ", "),
      text::json_number(segment.temperature),
      text::json_number(segment.avg_logprob),
      text::json_number(segment.compression_ratio),
      text::json_number(segment.no_speech_prob),
      // Clearing gives a segment an empty list of words, asked for or not.
      segment.cleared ? R"(, "words": [])" : "");
}

std::unique_ptr<ResultWriter> make_writer(std::string_view format) {
  if (format == "txt") {
    return std::make_unique<WriteTXT>();
  }
  if (format == "vtt") {
    return std::make_unique<WriteVTT>();
  }
  if (format == "srt") {
    return std::make_unique<WriteSRT>();
  }
  if (format == "tsv") {
    return std::make_unique<WriteTSV>();
  }
  if (format == "json") {
    return std::make_unique<WriteJSON>();
  }
  throw ArgumentError(fmt::format(
      "[whisper.writers] unknown format \"{}\": use one of {} or all",
      format,
      fmt::join(kOutputFormats, ", ")));
}

} // namespace

void ResultWriter::begin(std::ostream&) {}
void ResultWriter::write(const Segment&, std::ostream&) {}
void ResultWriter::end(const Transcription&, std::ostream&) {}

void ResultWriter::write_result(
    const Transcription& result, std::ostream& file) {
  begin(file);
  for (const Segment& segment : result.segments) {
    write(segment, file);
  }
  end(result, file);
}

void WriteTXT::write(const Segment& segment, std::ostream& file) {
  file << stripped(segment) << '\n';
}

std::string SubtitlesWriter::format_timestamp(double seconds) const {
  return whisper::format_timestamp(
      seconds,
      always_include_hours_,
      decimal_marker_);
}

void SubtitlesWriter::write(const Segment& segment, std::ostream& file) {
  // By the empty list of words of a first segment that was cleared, the
  // reference takes the result for one with word times, and then a cleared
  // segment gives no cue.
  // DEVIATION(whisper-first-cleared): a segment with text after such a one
  // makes the reference fail (KeyError: 'words'); here it gives its cue.
  if (!first_cleared_) {
    first_cleared_ = segment.cleared;
  }
  if (*first_cleared_ && segment.cleared) {
    return;
  }
  write_cue(
      format_timestamp(segment.start),
      format_timestamp(segment.end),
      replaced(stripped(segment), "-->", "->"),
      file);
}

void WriteVTT::begin(std::ostream& file) {
  file << "WEBVTT\n\n";
}

void WriteVTT::write_cue(
    const std::string& start,
    const std::string& end,
    const std::string& text,
    std::ostream& file) {
  file << start << " --> " << end << '\n' << text << "\n\n";
}

void WriteSRT::write_cue(
    const std::string& start,
    const std::string& end,
    const std::string& text,
    std::ostream& file) {
  file << ++count_ << '\n' << start << " --> " << end << '\n' << text << "\n\n";
}

void WriteTSV::begin(std::ostream& file) {
  file << "start\tend\ttext\n";
}

void WriteTSV::write(const Segment& segment, std::ostream& file) {
  file << milliseconds(segment.start) << '\t' << milliseconds(segment.end)
       << '\t' << replaced(stripped(segment), "\t", " ") << '\n';
}

void WriteJSON::end(const Transcription& result, std::ostream& file) {
  file << R"({"text": )" << text::json_string(result.text)
       << R"(, "segments": [)";
  const char* separator = "";
  for (const Segment& segment : result.segments) {
    file << separator << json_segment(segment);
    separator = ", ";
  }
  file << R"(], "language": )" << text::json_string(result.language) << '}';
}

std::vector<std::unique_ptr<ResultWriter>> get_writer(
    std::string_view output_format) {
  std::vector<std::unique_ptr<ResultWriter>> writers;
  if (output_format == "all") {
    for (const std::string_view format : kOutputFormats) {
      writers.push_back(make_writer(format));
    }
  } else {
    writers.push_back(make_writer(output_format));
  }
  return writers;
}

std::filesystem::path output_path(
    const std::filesystem::path& output_dir,
    const std::filesystem::path& audio_path,
    std::string_view extension) {
  std::string name = audio_path.filename().string();
  // Dots in front belong to the name (Python's os.path.splitext).
  const std::size_t first = name.find_first_not_of('.');
  const std::size_t dot = name.rfind('.');
  if (first != std::string::npos && dot != std::string::npos && dot > first) {
    name.resize(dot);
  }
  return output_dir / fmt::format("{}.{}", name, extension);
}

} // namespace mlxaudio::whisper
