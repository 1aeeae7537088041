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
#include "models/whisper/lrc_writer.h"
#include "models/whisper/subtitle_lines.h"
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

/// A word with a tag around it, without the blanks before it.
std::string underline(const std::string& word) {
  const std::string_view all = word;
  const std::string_view shown = text::python_strip(all);
  const std::string_view blanks =
      shown.empty()
          ? all
          : all.substr(0, static_cast<std::size_t>(shown.data() - all.data()));
  const std::string_view rest = all.substr(blanks.size());
  // The reference's pattern takes a word of one line, and lets an end of line
  // after it be.
  const std::size_t end = rest.find('\n');
  if (end != std::string_view::npos && end + 1 != rest.size()) {
    return word;
  }
  return fmt::format(
      "{}<u>{}</u>{}",
      blanks,
      rest.substr(0, end),
      end == std::string_view::npos ? "" : "\n");
}

std::int64_t milliseconds(double seconds) {
  return static_cast<std::int64_t>(std::nearbyint(1000 * seconds));
}

/// The key of the words, where there is one: clearing gives a segment an empty
/// list of words, asked for or not.
std::string json_words(const Segment& segment) {
  if (!segment.words && !segment.cleared) {
    return "";
  }
  std::vector<std::string> words;
  for (const Word& word : segment.words.value_or(std::vector<Word>{})) {
    words.push_back(fmt::format(
        R"({{"word": {}, "start": {}, "end": {}, "probability": {}}})",
        text::json_string(word.word),
        text::json_number(word.start),
        text::json_number(word.end),
        text::json_number(word.probability)));
  }
  return fmt::format(R"(, "words": [{}])", fmt::join(words, ", "));
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
      json_words(segment));
}

std::unique_ptr<ResultWriter> make_writer(
    std::string_view format, const WriterOptions& options) {
  if (format == "txt") {
    return std::make_unique<WriteTXT>();
  }
  if (format == "vtt") {
    return std::make_unique<WriteVTT>(options);
  }
  if (format == "srt") {
    return std::make_unique<WriteSRT>(options);
  }
  if (format == "tsv") {
    return std::make_unique<WriteTSV>();
  }
  if (format == "json") {
    return std::make_unique<WriteJSON>();
  }
  if (format == "lrc") {
    return std::make_unique<WriteLRC>();
  }
  throw ArgumentError(fmt::format(
      "[whisper.writers] unknown format \"{}\": use one of {}, lrc or all",
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

SubtitlesWriter::SubtitlesWriter(
    bool always_include_hours,
    char decimal_marker,
    const WriterOptions& options)
    : always_include_hours_(always_include_hours),
      decimal_marker_(decimal_marker),
      highlight_words_(options.highlight_words),
      lines_(std::make_unique<SubtitleLines>(options)) {}

SubtitlesWriter::~SubtitlesWriter() = default;

std::string SubtitlesWriter::format_timestamp(double seconds) const {
  return whisper::format_timestamp(
      seconds,
      always_include_hours_,
      decimal_marker_);
}

void SubtitlesWriter::write_subtitle(
    const std::vector<Word>& subtitle, std::ostream& file) {
  const auto text_with = [&](std::optional<std::size_t> underlined) {
    std::string all;
    for (std::size_t i = 0; i < subtitle.size(); ++i) {
      all += i == underlined ? underline(subtitle[i].word) : subtitle[i].word;
    }
    return all;
  };
  const std::string plain = text_with({});
  std::string last = format_timestamp(subtitle.front().start);
  if (!highlight_words_) {
    write_cue(last, format_timestamp(subtitle.back().end), plain, file);
    return;
  }
  for (std::size_t i = 0; i < subtitle.size(); ++i) {
    const std::string start = format_timestamp(subtitle[i].start);
    std::string end = format_timestamp(subtitle[i].end);
    if (last != start) {
      write_cue(last, start, plain, file);
    }
    write_cue(start, end, text_with(i), file);
    last = std::move(end);
  }
}

void SubtitlesWriter::write_rest(std::ostream& file) {
  if (const auto subtitle = lines_->finish()) {
    write_subtitle(*subtitle, file);
  }
}

void SubtitlesWriter::write(const Segment& segment, std::ostream& file) {
  // Words of the first segment decide for the result, as in the reference; to
  // it the empty list of a segment that was cleared is one too.
  const bool has_words = segment.words || segment.cleared;
  if (!has_words_) {
    has_words_ = has_words;
  }
  if (*has_words_ && has_words) {
    for (const auto& subtitle : lines_->add(segment)) {
      write_subtitle(subtitle, file);
    }
    return;
  }
  // DEVIATION(whisper-first-cleared): where only the first segment is said to
  // have words, a segment with text makes the reference fail (KeyError:
  // 'words'); here it gives its cue.
  write_rest(file);
  write_cue(
      format_timestamp(segment.start),
      format_timestamp(segment.end),
      replaced(stripped(segment), "-->", "->"),
      file);
}

void SubtitlesWriter::end(const Transcription&, std::ostream& file) {
  write_rest(file);
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
    std::string_view output_format, const WriterOptions& options) {
  std::vector<std::unique_ptr<ResultWriter>> writers;
  if (output_format == "all") {
    for (const std::string_view format : kOutputFormats) {
      writers.push_back(make_writer(format, options));
    }
  } else {
    writers.push_back(make_writer(output_format, options));
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
