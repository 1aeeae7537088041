// SPDX-License-Identifier: MIT
#include "text/python.h"

#include <gtest/gtest.h>

#include <limits>

namespace mlxaudio::text {
namespace {

TEST(PythonStrip, TakesWhatPythonCallsSpace) {
  EXPECT_EQ(python_strip("\x1c\x1d\x1e\x1f \t\n\v\f\r a b \xc2\x85"), "a b");
  EXPECT_EQ(python_strip("\u3000\u00a0\u1680\u2003x\u2028\u2029\u202f"), "x");
}

TEST(PythonStrip, LeavesWhatOnlyLooksLikeSpace) {
  EXPECT_EQ(python_strip("\u200bx\ufeff"), "\u200bx\ufeff");
  EXPECT_EQ(python_strip("\u180ex"), "\u180ex");
  EXPECT_EQ(python_strip(" \xff "), "\xff");
}

TEST(PythonStrip, GivesNothingForSpaceAlone) {
  EXPECT_EQ(python_strip(""), "");
  EXPECT_EQ(python_strip(" \u3000 "), "");
}

TEST(PythonRepr, SwitchesToExponentsWherePythonDoes) {
  EXPECT_EQ(python_repr(0.0), "0.0");
  EXPECT_EQ(python_repr(-0.0), "-0.0");
  EXPECT_EQ(python_repr(1.0), "1.0");
  EXPECT_EQ(python_repr(120.0), "120.0");
  EXPECT_EQ(python_repr(0.5), "0.5");
  EXPECT_EQ(python_repr(0.0001), "0.0001");
  EXPECT_EQ(python_repr(0.00001), "1e-05");
  EXPECT_EQ(python_repr(1e15), "1000000000000000.0");
  EXPECT_EQ(python_repr(1e16), "1e+16");
  EXPECT_EQ(python_repr(1.5e300), "1.5e+300");
  EXPECT_EQ(python_repr(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(python_repr(-1234.5), "-1234.5");
}

TEST(PythonRepr, NamesWhatIsNoNumber) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(python_repr(kInf), "inf");
  EXPECT_EQ(python_repr(-kInf), "-inf");
  EXPECT_EQ(python_repr(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(json_number(kInf), "Infinity");
  EXPECT_EQ(json_number(-kInf), "-Infinity");
  EXPECT_EQ(json_number(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(JsonString, EscapesAsPython) {
  EXPECT_EQ(json_string("a\"\\/\b\f\n\r\t"), R"("a\"\\/\b\f\n\r\t")");
  EXPECT_EQ(json_string("\x01\x7f"), R"("\u0001\u007f")");
  EXPECT_EQ(json_string("\u00e9\u4f60"), R"("\u00e9\u4f60")");
  EXPECT_EQ(json_string("\U0001f44d"), R"("\ud83d\udc4d")");
  EXPECT_EQ(json_string("a\xff"), R"("a\ufffd")");
}

} // namespace
} // namespace mlxaudio::text
