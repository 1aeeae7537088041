// SPDX-License-Identifier: MIT
#include "models/whisper/utils.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <string>

#include "core/json.h"
#include "mlxaudio/error.h"
#include "models/whisper/writers_golden.h"

namespace mlxaudio::whisper {
namespace {

TEST(ExactDiv, RefusesARemainder) {
  EXPECT_EQ(exact_div(480000, 160), 3000);
  EXPECT_THROW(exact_div(7, 2), ArgumentError);
  EXPECT_THROW(exact_div(7, 0), ArgumentError);
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(exact_div(7, -1), -7);
  EXPECT_EQ(exact_div(kLeast, 1), kLeast);
  EXPECT_THROW(exact_div(kLeast, -1), ArgumentError);
}

TEST(Options, AreSpelledAsTheReferenceHasThem) {
  EXPECT_TRUE(str2bool("True"));
  EXPECT_FALSE(str2bool("False"));
  EXPECT_THROW(str2bool("true"), ArgumentError);
  EXPECT_EQ(optional_int("None"), std::nullopt);
  EXPECT_EQ(optional_int("-3"), -3);
  EXPECT_THROW(optional_int("3.5"), ArgumentError);
  EXPECT_THROW(optional_int(""), ArgumentError);
  EXPECT_THROW(optional_int("99999999999999"), ArgumentError);
  EXPECT_THROW(optional_int("99999999999999999999"), ArgumentError);
  EXPECT_EQ(optional_float("None"), std::nullopt);
  EXPECT_EQ(optional_float("-1.5"), -1.5);
  EXPECT_EQ(optional_float("1e-3"), 1e-3);
  EXPECT_THROW(optional_float("high"), ArgumentError);
}

TEST(CompressionRatio, IsTheReferences) {
  for (const Json& row : writers_golden()["compression_ratio"]) {
    EXPECT_EQ(
        compression_ratio(row[0].get<std::string>()),
        row[1].get<double>())
        << row;
  }
}

TEST(FormatTimestamp, IsTheReferences) {
  for (const Json& row : writers_golden()["timestamps"]) {
    const double seconds = row[0].get<double>();
    EXPECT_EQ(format_timestamp(seconds), row[1].get<std::string>()) << row;
    EXPECT_EQ(format_timestamp(seconds, true, ','), row[2].get<std::string>())
        << row;
  }
}

TEST(FormatTimestamp, RefusesWhatIsNoTime) {
  EXPECT_THROW(format_timestamp(-0.001), ArgumentError);
  EXPECT_THROW(
      format_timestamp(std::numeric_limits<double>::quiet_NaN()),
      ArgumentError);
  EXPECT_THROW(
      format_timestamp(std::numeric_limits<double>::infinity()),
      ArgumentError);
}

} // namespace
} // namespace mlxaudio::whisper
