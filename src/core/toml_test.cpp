// SPDX-License-Identifier: MIT
#include "core/toml.h"

#include <gtest/gtest.h>

#include "core/expect_error.h"

namespace mlxaudio {
namespace {

Json read(std::string_view text) {
  return parse_toml(text, "test.toml");
}

void expect_refused(std::string_view text, int line, const std::string& what) {
  expect_error<ConfigError>(
      [&] { read(text); },
      {"test.toml, line " + std::to_string(line), what});
}

TEST(Toml, ReadsTheKindsOfValues) {
  EXPECT_EQ(
      read(R"(
# a comment
text = "a \"quoted\" \u00e9"   # another
raw = 'C:\new'
whole = 1_000
less = -3
more = +4
real = 2.5e1
"a key" = true
[a.b]
list = [1, "two",
  [3.0], ]   # over lines
table = { x = 1, y.z = false }
[[rows]]
n = 1
[rows.sub]
q = 1
[[rows]]
n = 2
[rows.sub]
q = 2
)"),
      parse_json(
          R"({"text": "a \"quoted\" é", "raw": "C:\\new", "whole": 1000,
              "less": -3, "more": 4, "real": 25.0, "a key": true,
              "a": {"b": {"list": [1, "two", [3.0]],
                          "table": {"x": 1, "y": {"z": false}}}},
              "rows": [{"n": 1, "sub": {"q": 1}},
                       {"n": 2, "sub": {"q": 2}}]})",
          "expected"));
  EXPECT_EQ(read(""), Json::object());
  EXPECT_EQ(read("a = inf\r\nb = 1\r\n")["b"], 1);
}

TEST(Toml, TellsTheLineOfEachKey) {
  TomlLines lines;
  parse_toml(
      "top = 1\n\n[a.b]\nlist = [\n1,\n2]\nc.d = 3\n[[e]]\nf = { g = 4 }\n",
      "test.toml",
      &lines);
  EXPECT_EQ(
      lines,
      (TomlLines{
          {{"top"}, 1},
          {{"a", "b", "list"}, 4},
          {{"a", "b", "c", "d"}, 7},
          {{"e", "f"}, 9},
          {{"e", "f", "g"}, 9}}));
}

TEST(Toml, RefusesWhatItDoesNotRead) {
  expect_refused("a = 1\nb", 2, "`=`");
  expect_refused("a = 1 b = 2", 1, "end of the line");
  expect_refused("a = ", 1, "a value");
  expect_refused("\n[a", 2, "`]`");
  expect_refused("a = \"x", 1, "does not end");
  expect_refused("a = \"x\n\"", 1, "does not end");
  expect_refused("a = \"\"\"x\"\"\"", 1, "several lines");
  expect_refused("a = \"\\q\"", 1, "escape");
  expect_refused("a = \"\\u12\"", 1, "escape");
  expect_refused("a = 1979-05-27", 1, "1979-05-27");
  expect_refused("a = yes", 1, "yes");
  expect_refused("a = 1\na = 2", 2, "twice");
  expect_refused("[a]\n[a]", 2, "twice");
  expect_refused("a = [1, 2\n", 2, "`]`");
  expect_refused("a = 1\n[a]", 2, "twice");
  expect_refused("a = 1\na.b = 2", 2, "not a table");
  expect_refused("a = 1\nb = \"\xE9t\xE9\"", 2, "UTF-8");
  expect_refused("# \xFF", 1, "UTF-8");
  for (const char* number :
       {"1__0", "_1", "1_", "+-1", "-", "1_.5", "infinity", "0x1f", ".5"}) {
    expect_refused(std::string("a = ") + number, 1, "no value");
  }
}

TEST(Toml, RefusesWhatIsNestedTooDeep) {
  expect_refused("a = " + std::string(100'000, '['), 1, "nesting");
  std::string tables = "a = ";
  for (int i = 0; i < 100'000; ++i) {
    tables += "{a=";
  }
  expect_refused(tables, 1, "nesting");
  std::string key = "a";
  for (int i = 0; i < 1000; ++i) {
    key += ".a";
  }
  expect_refused(key + " = 1", 1, "names in one key");
  EXPECT_NO_THROW(read(
      "a = " + std::string(kTomlDepth, '[') + std::string(kTomlDepth, ']')));
}

} // namespace
} // namespace mlxaudio
