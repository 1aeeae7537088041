// SPDX-License-Identifier: MIT
#include "models/whisper/writers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "core/json.h"
#include "models/whisper/writers_golden.h"

namespace mlxaudio::whisper {
namespace {

double number_of(const Json& json) {
  if (!json.is_string()) {
    return json.get<double>();
  }
  return json == "nan"   ? std::numeric_limits<double>::quiet_NaN()
         : json == "inf" ? std::numeric_limits<double>::infinity()
                         : -std::numeric_limits<double>::infinity();
}

Transcription transcription_of(const Json& json) {
  Transcription result;
  result.text = json["text"];
  result.language = json["language"];
  for (const Json& s : json["segments"]) {
    result.segments.push_back(
        {.id = s["id"],
         .seek = s["seek"],
         .start = number_of(s["start"]),
         .end = number_of(s["end"]),
         .text = s["text"],
         .tokens = s["tokens"].get<std::vector<int>>(),
         .temperature = number_of(s["temperature"]),
         .avg_logprob = number_of(s["avg_logprob"]),
         .compression_ratio = number_of(s["compression_ratio"]),
         .no_speech_prob = number_of(s["no_speech_prob"]),
         .cleared = s.contains("words")});
  }
  return result;
}

TEST(Writers, WriteTheReferencesBytes) {
  ASSERT_GE(writers_golden()["results"].size(), 6u);
  for (const Json& record : writers_golden()["results"]) {
    const Transcription result = transcription_of(record["result"]);
    const auto writers = get_writer("all");
    ASSERT_EQ(writers.size(), record["files"].size());
    for (const auto& writer : writers) {
      std::ostringstream file;
      writer->write_result(result, file);
      const std::string extension(writer->extension());
      EXPECT_EQ(file.str(), record["files"][extension].get<std::string>())
          << record["name"] << "." << extension;
    }
  }
}

TEST(Writers, GiveACueAfterAClearedFirstSegment) {
  Transcription result;
  result.segments.resize(2);
  result.segments[0].end = 2;
  result.segments[0].cleared = true;
  result.segments[1].start = 2;
  result.segments[1].end = 3;
  result.segments[1].text = " Hello.";
  std::ostringstream file;
  WriteSRT().write_result(result, file);
  EXPECT_EQ(file.str(), "1\n00:00:02,000 --> 00:00:03,000\nHello.\n\n");
}

/// Words of half a second, one after the other.
Segment spoken(double start, const std::vector<std::string>& words) {
  Segment segment;
  segment.start = segment.end = start;
  segment.words.emplace();
  for (const auto& word : words) {
    segment.text += word;
    segment.words->push_back(
        {.word = word,
         .start = segment.end,
         .end = segment.end + 0.5,
         .probability = 0.75});
    segment.end += 0.5;
  }
  return segment;
}

std::string srt_of(
    const std::vector<Segment>& segments, const WriterOptions& options) {
  Transcription result;
  result.segments = segments;
  std::ostringstream file;
  WriteSRT(options).write_result(result, file);
  return file.str();
}

TEST(Writers, BreakLinesBetweenWords) {
  const std::vector<Segment> segments{
      spoken(0, {" It", " was", " the", " best"}),
      spoken(2, {" of", " times."})};
  EXPECT_EQ(
      srt_of(segments, {}),
      "1\n00:00:00,000 --> 00:00:02,000\nIt was the best\n\n"
      "2\n00:00:02,000 --> 00:00:03,000\nof times.\n\n");
  EXPECT_EQ(
      srt_of(segments, {.max_line_width = 7}),
      "1\n00:00:00,000 --> 00:00:02,000\nIt was\nthe\nbest\n\n"
      "2\n00:00:02,000 --> 00:00:03,000\nof\ntimes.\n\n");
  // With a number of lines, cues go across segments.
  EXPECT_EQ(
      srt_of(segments, {.max_line_width = 7, .max_line_count = 2}),
      "1\n00:00:00,000 --> 00:00:01,500\nIt was\nthe\n\n"
      "2\n00:00:01,500 --> 00:00:03,000\nbest of\ntimes.\n\n");
  EXPECT_EQ(
      srt_of({segments[1]}, {.max_words_per_line = 1}),
      "1\n00:00:02,000 --> 00:00:02,500\nof\n\n"
      "2\n00:00:02,500 --> 00:00:03,000\ntimes.\n\n");
  EXPECT_EQ(
      srt_of(
          segments,
          {.max_line_width = 0, .max_line_count = 0, .max_words_per_line = 0}),
      srt_of(segments, {}));
}

TEST(Writers, UnderlineWords) {
  auto segment = spoken(0, {" of", " times."});
  segment.words->at(1).start = 0.75;
  EXPECT_EQ(
      srt_of({segment}, {.highlight_words = true}),
      "1\n00:00:00,000 --> 00:00:00,500\n<u>of</u> times.\n\n"
      "2\n00:00:00,500 --> 00:00:00,750\nof times.\n\n"
      "3\n00:00:00,750 --> 00:00:01,000\nof <u>times.</u>\n\n");
}

TEST(Writers, WriteWordsAsJson) {
  Transcription result;
  result.language = "en";
  result.segments = {spoken(0, {" é"})};
  std::ostringstream file;
  WriteJSON().write_result(result, file);
  EXPECT_NE(
      file.str().find(R"("no_speech_prob": 0.0, "words": [{"word": " \u00e9", )"
                      R"("start": 0.0, "end": 0.5, "probability": 0.75}]}], )"),
      std::string::npos)
      << file.str();
}

TEST(Writers, RefuseNegativeOptions) {
  for (const WriterOptions& options : std::vector<WriterOptions>{
           {.max_line_width = -1},
           {.max_line_count = -2},
           {.max_words_per_line = -3}}) {
    EXPECT_THROW(get_writer("srt", options), ArgumentError);
    EXPECT_THROW(get_writer("all", options), ArgumentError);
  }
}

TEST(Writers, StreamTheSameBytes) {
  for (const Json& record : writers_golden()["results"]) {
    const Transcription result = transcription_of(record["result"]);
    for (const std::string_view format : kOutputFormats) {
      const auto writers = get_writer(format);
      ASSERT_EQ(writers.size(), 1u);
      ASSERT_EQ(writers.front()->extension(), format);
      std::ostringstream file;
      writers.front()->begin(file);
      for (const Segment& segment : result.segments) {
        writers.front()->write(segment, file);
      }
      writers.front()->end(result, file);
      EXPECT_EQ(
          file.str(),
          record["files"][std::string(format)].get<std::string>());
    }
  }
}

TEST(Writers, UnknownFormatNamesTheKnown) {
  try {
    get_writer("docx");
    FAIL();
  } catch (const ArgumentError& e) {
    EXPECT_NE(std::string(e.what()).find("docx"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("srt"), std::string::npos);
  }
}

TEST(OutputPath, CutsTheLastEndingAsPythonDoes) {
  EXPECT_EQ(output_path("o", "a/b/clip.wav", "txt"), "o/clip.txt");
  EXPECT_EQ(output_path("o", "clip.one.wav", "srt"), "o/clip.one.srt");
  EXPECT_EQ(output_path("o", "clip", "srt"), "o/clip.srt");
  EXPECT_EQ(output_path("o", ".hidden", "srt"), "o/.hidden.srt");
  EXPECT_EQ(output_path("o", "..two.wav", "srt"), "o/..two.srt");
  EXPECT_EQ(output_path("", "clip.wav", "txt"), "clip.txt");
}

} // namespace
} // namespace mlxaudio::whisper
