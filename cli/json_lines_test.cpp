// SPDX-License-Identifier: MIT
#include "cli/json_lines.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/json.h"

namespace mlxaudio::cli {
namespace {

/// What one line holds.
Json only(const std::string& line) {
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return parse_json(line, "line");
}

TEST(JsonLines, AResultHasItsKeysInOrder) {
  Transcription t;
  t.text = " Hi\n\"there\"\xff";
  t.language = "English";
  t.segments.resize(2);
  t.segments[0].id = 0;
  t.segments[0].end = 1.5;
  t.segments[0].text = " Hi";
  t.segments[0].tokens = {50363, 1};
  t.segments[0].avg_logprob = std::numeric_limits<double>::quiet_NaN();
  t.segments[0].words = {{" Hi", 0.1, 1.5, 0.75}};
  t.segments[1].id = 1;
  const Json line = only(result_line(
      {"a b.wav", "base", "transcribe", 2, 0.25, {"out/a b.txt"}},
      t));
  EXPECT_EQ(
      line,
      parse_json(
          R"({"type": "transcription", "file": "a b.wav", "model": "base",
              "task": "transcribe", "language": "en", "duration": 2.0,
              "seconds": 0.25, "complete": true,
              "text": " Hi\n\"there\"�",
              "segments": [
                {"id": 0, "start": 0.0, "end": 1.5, "text": " Hi",
                 "tokens": [50363, 1], "temperature": 0.0,
                 "avg_logprob": null, "compression_ratio": 0.0,
                 "no_speech_prob": 0.0,
                 "words": [{"word": " Hi", "start": 0.1, "end": 1.5,
                            "probability": 0.75}]},
                {"id": 1, "start": 0.0, "end": 0.0, "text": "",
                 "tokens": [], "temperature": 0.0, "avg_logprob": 0.0,
                 "compression_ratio": 0.0, "no_speech_prob": 0.0}],
              "outputs": ["out/a b.txt"]})",
          "expected"));
}

TEST(JsonLines, AnErrorNamesItsFileAndKind) {
  EXPECT_EQ(
      only(error_line("a.wav", ExitCode::input, "two\nlines")),
      parse_json(
          R"({"type": "error", "file": "a.wav", "kind": "input",
              "message": "two\nlines"})",
          "expected"));
  EXPECT_TRUE(
      only(error_line(std::nullopt, ExitCode::model, ""))["file"].is_null());
  EXPECT_EQ(
      only(error_line(std::nullopt, ExitCode::interrupted, ""))["kind"],
      "interrupted");
}

} // namespace
} // namespace mlxaudio::cli
