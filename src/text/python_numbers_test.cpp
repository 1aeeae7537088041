// SPDX-License-Identifier: MIT
#include "text/python_numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace mlxaudio::text {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(PythonNumbers, WholeNumbersArePythons) {
  const std::map<std::string, std::int64_t> taken = {
      {"5", 5},
      {" 5 ", 5},
      {"\t5\n\v\f\r", 5},
      {"\u00a05\u3000", 5},
      {"+5", 5},
      {"-5", -5},
      {"1_000", 1000},
      {"0_1", 1},
      {"007", 7},
      {"-0", 0},
      {"\uff15", 5},
      {"-\u0661\u0662_3", -123},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()}};
  for (const auto& [text, value] : taken) {
    EXPECT_EQ(python_int(text), value) << text;
  }
  for (const char* text :
       {"",
        " ",
        "\0345", // U+001C

        "+-5",
        "- 5",
        "1__0",
        "_1",
        "1_",
        "1.0",
        "1e3",
        "0x10",
        "5 5",
        "five",
        "+",
        "-",
        "\3775", // no UTF-8

        "9223372036854775808"}) {
    EXPECT_EQ(python_int(text), std::nullopt) << text;
  }
  EXPECT_EQ(python_int(std::string_view("5\0", 2)), std::nullopt);
}

TEST(PythonNumbers, NumbersArePythons) {
  const std::map<std::string, double> taken = {
      {"0.1", 0.1},
      {"\uff15.\u0665e\u0661", 55},
      {" -2.5\n", -2.5},
      {"1_0.5_0", 10.5},
      {"1e1_0", 1e10},
      {".5", 0.5},
      {"5.", 5},
      {"5.e3", 5000},
      {"+1E+5", 1e5},
      {"inf", kInfinity},
      {"-INF", -kInfinity},
      {"+Infinity", kInfinity},
      {"1e400", kInfinity},
      {"-1e400", -kInfinity},
      {"1e99999999999999999999", kInfinity},
      {"1" + std::string(400, '0'), kInfinity},
      {"0." + std::string(400, '0') + "1", 0},
      {"1e-400", 0},
      {"1e-99999999999999999999", 0},
      {"0e999999", 0},
      {"4.9e-324", 4.9e-324},
      {"1.7976931348623157e308", 1.7976931348623157e308}};
  for (const auto& [text, value] : taken) {
    EXPECT_EQ(python_float(text), value) << text;
  }
  EXPECT_TRUE(std::signbit(python_float("-0").value()));
  for (const char* text : {"nan", "+NaN", "-nan"}) {
    EXPECT_TRUE(std::isnan(python_float(text).value())) << text;
  }
  for (const char* text :
       {"",
        " ",
        ".",
        "e5",
        "1_.5",
        "1._5",
        "1_e5",
        "1e_5",
        "1e+_5",
        "1e",
        "nan(1)",
        "in_f",
        "infinit",
        "0x1p3",
        "1,5",
        "1d5",
        "--1",
        "1 2",
        "1.2.3"}) {
    EXPECT_EQ(python_float(text), std::nullopt) << text;
  }
}

} // namespace
} // namespace mlxaudio::text
