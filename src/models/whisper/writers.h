// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <array>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mlxaudio/stt.h"

namespace mlxaudio::whisper {

/// How subtitles are made of words; without effect where segments have none.
/// 0 is the same as empty.
struct WriterOptions {
  /// Most characters in a line, which is broken between words; empty: 1000.
  std::optional<int> max_line_width = {};
  /// Most lines in a cue; empty: as many as its segment needs. With
  /// `max_line_width` a cue may hold words of several segments, without it
  /// this has no effect on lines of up to 1000 characters.
  std::optional<int> max_line_count = {};
  /// Most words in a cue; empty: 1000. Has no effect where cues go across
  /// segments.
  std::optional<int> max_words_per_line = {};
  /// A cue for each word, in which it is underlined.
  bool highlight_words = false;
};

/// Writes a transcription in one of the reference's file formats.
///
/// A writer serves one transcription: give it the segments as they come
/// (`begin`, `write` for each, `end`), or all at once (`write_result`).
/// Text goes out in UTF-8, whatever the locale.
/// \port whisper.utils.ResultWriter
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;

  /// What the format's files end in, without a dot.
  virtual std::string_view extension() const = 0;

  /// Writes what comes before the first segment.
  virtual void begin(std::ostream& file);
  /// Writes a segment, in the order of the transcription.
  virtual void write(const Segment& segment, std::ostream& file);
  /// Writes what comes after the last segment.
  virtual void end(const Transcription& result, std::ostream& file);

  /// Writes a whole transcription.
  /// \throws ArgumentError for a segment whose time is negative
  void write_result(const Transcription& result, std::ostream& file);
};

/// A line for each segment. \port whisper.utils.WriteTXT
class WriteTXT final : public ResultWriter {
 public:
  std::string_view extension() const override {
    return "txt";
  }
  void write(const Segment& segment, std::ostream& file) override;
};

class SubtitleLines;

/// What SRT and WebVTT share: times of cues and their text. Cues are made of
/// words where the segments have them.
/// \port whisper.utils.SubtitlesWriter
class SubtitlesWriter : public ResultWriter {
 public:
  ~SubtitlesWriter() override;
  void write(const Segment& segment, std::ostream& file) final;
  void end(const Transcription& result, std::ostream& file) final;

 protected:
  /// \throws ArgumentError for an option that is negative
  SubtitlesWriter(
      bool always_include_hours,
      char decimal_marker,
      const WriterOptions& options);
  virtual void write_cue(
      const std::string& start,
      const std::string& end,
      const std::string& text,
      std::ostream& file) = 0;

 private:
  std::string format_timestamp(double seconds) const;
  void write_subtitle(const std::vector<Word>& subtitle, std::ostream& file);
  void write_rest(std::ostream& file);

  bool always_include_hours_;
  char decimal_marker_;
  bool highlight_words_;
  std::unique_ptr<SubtitleLines> lines_;
  std::optional<bool> has_words_; // whether the first segment has
};

/// WebVTT. \port whisper.utils.WriteVTT
class WriteVTT final : public SubtitlesWriter {
 public:
  explicit WriteVTT(const WriterOptions& options = {})
      : SubtitlesWriter(false, '.', options) {}
  std::string_view extension() const override {
    return "vtt";
  }
  void begin(std::ostream& file) override;

 private:
  void write_cue(
      const std::string& start,
      const std::string& end,
      const std::string& text,
      std::ostream& file) override;
};

/// SubRip. \port whisper.utils.WriteSRT
class WriteSRT final : public SubtitlesWriter {
 public:
  explicit WriteSRT(const WriterOptions& options = {})
      : SubtitlesWriter(true, ',', options) {}
  std::string_view extension() const override {
    return "srt";
  }

 private:
  void write_cue(
      const std::string& start,
      const std::string& end,
      const std::string& text,
      std::ostream& file) override;

  int count_ = 0;
};

/// Tab-separated start and end in whole milliseconds, and text; a tab within
/// the text becomes a space. \port whisper.utils.WriteTSV
class WriteTSV final : public ResultWriter {
 public:
  std::string_view extension() const override {
    return "tsv";
  }
  void begin(std::ostream& file) override;
  void write(const Segment& segment, std::ostream& file) override;
};

/// The whole result, in the bytes of Python's `json.dump`: one line without an
/// end of line. \port whisper.utils.WriteJSON
class WriteJSON final : public ResultWriter {
 public:
  std::string_view extension() const override {
    return "json";
  }
  void end(const Transcription& result, std::ostream& file) override;
};

/// The formats' names, in the order in which "all" writes them.
inline constexpr std::array<std::string_view, 5> kOutputFormats = {
    "txt", "vtt", "srt", "tsv", "json"};

/// Writers of a format, "lrc" too, or of all of `kOutputFormats` for "all".
/// \port whisper.utils.get_writer
/// \throws ArgumentError for a format that there is not, and for a negative
///   option of subtitles
std::vector<std::unique_ptr<ResultWriter>> get_writer(
    std::string_view output_format, const WriterOptions& options = {});

/// Where the reference puts a result: the audio file's name, its last ending
/// replaced by the format's, in `output_dir`.
std::filesystem::path output_path(
    const std::filesystem::path& output_dir,
    const std::filesystem::path& audio_path,
    std::string_view extension);

} // namespace mlxaudio::whisper
