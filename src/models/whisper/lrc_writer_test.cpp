// SPDX-License-Identifier: MIT
#include "models/whisper/lrc_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "mlxaudio/error.h"

namespace mlxaudio::whisper {
namespace {

Segment segment(double start, double end, const std::string& text) {
  Segment s;
  s.start = start;
  s.end = end;
  s.text = text;
  return s;
}

std::string written(const std::vector<Segment>& segments) {
  Transcription result;
  result.segments = segments;
  std::ostringstream file;
  WriteLRC().write_result(result, file);
  return file.str();
}

TEST(WriteLRC, GivesALineForEachSegmentWithText) {
  EXPECT_EQ(
      written(
          {segment(0, 2.5, " Hello there."),
           segment(2.5, 2.5, ""),
           segment(61.256, 64, " two\nlines "),
           segment(5999.999, 6000.5, " past\xff hours")}),
      "[00:00.00]Hello there.\n"
      "[01:01.26]two lines\n"
      "[100:00.00]past\xef\xbf\xbd hours\n");
  EXPECT_EQ(written({}), "");
}

TEST(WriteLRC, GivesEachWordItsTime) {
  Segment s = segment(1, 3, " Don't stop, 日本語");
  s.words = {
      {" Don't", 1, 1.5, 0.9},
      {" stop,", 1.5, 2, 0.9},
      {" 日本", 2.25, 2.5, 0.9},
      {"語", 2.5, 3.125, 0.9}};
  EXPECT_EQ(
      written({s}),
      "[00:01.00]<00:01.00>Don't <00:01.50>stop, <00:02.25>日本<00:02.50>語"
      "<00:03.12>\n");
  s.words->clear();
  EXPECT_EQ(written({s}), "[00:01.00]Don't stop, 日本語\n");
}

TEST(WriteLRC, RefusesTimesThatAreNone) {
  EXPECT_THROW(written({segment(-1, 2, "x")}), ArgumentError);
  EXPECT_THROW(
      written({segment(std::numeric_limits<double>::quiet_NaN(), 2, "x")}),
      ArgumentError);
}

TEST(WriteLRC, IsAFormatByNameButNotOneOfAll) {
  ASSERT_EQ(get_writer("lrc").size(), 1u);
  EXPECT_EQ(get_writer("lrc").front()->extension(), "lrc");
  for (const auto& writer : get_writer("all")) {
    EXPECT_NE(writer->extension(), "lrc");
  }
}

} // namespace
} // namespace mlxaudio::whisper
