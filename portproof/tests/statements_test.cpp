// SPDX-License-Identifier: MIT
#include "portproof/statements.h"

#include <gtest/gtest.h>

namespace portproof {
namespace {

constexpr const char* kSource = R"py(import x  # 1

@decorated(
    "a"  # not a text alone
)
def f(a, b=(1,
            2)):
    """Says what it does.

    return nothing here
    """
    # a comment \
    y = "# no comment" + 'it''s'
    z = a + \
        b
    if a: return {"k": [
        1,
    ]}
    else:
        pass
    try:
        s = f"""{a}
    b = 1"""
    finally:
        ...
    return z; w = 1

class C:
    x: int = 1
)py";

std::vector<std::string> places(int first, int last) {
  std::vector<std::string> out;
  for (const Statement& s : python_statements(kSource, first, last)) {
    out.push_back(std::to_string(s.line) + "-" + std::to_string(s.end_line));
  }
  return out;
}

TEST(Statements, AreLogicalLines) {
  EXPECT_EQ(
      places(1, 100),
      (std::vector<std::string>{
          "1-1",
          "3-5",
          "6-7",
          "13-13",
          "14-15",
          "16-18",
          "22-23",
          "26-26",
          "28-28",
          "29-29"}));
}

TEST(Statements, CarryTheirTextOnOneLine) {
  const auto found = python_statements(kSource, 14, 15);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].text, "z = a + b");
}

TEST(Statements, AFunctionEndsWithItsBody) {
  EXPECT_EQ(python_block_end(kSource, 3), 26) << "from its decorator";
  EXPECT_EQ(python_block_end(kSource, 6), 26);
  EXPECT_EQ(python_block_end(kSource, 14), 15);
  EXPECT_EQ(python_block_end(kSource, 28), 29);
  EXPECT_EQ(python_block_end(kSource, 500), 500);
}

TEST(Statements, AnotherLanguagesAreItsLines) {
  const auto found = line_statements("a\n\n  // b\n  c\n# d\n", 1, 9);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].line, 4);
  EXPECT_EQ(found[1].text, "c");
}

TEST(Statements, SourceWithoutAnEndIsReadToTheEnd) {
  EXPECT_EQ(python_statements("x = (1,\n  2", 1, 9).size(), 1u);
  EXPECT_EQ(python_statements("x = \"\"\"abc\n", 1, 9).size(), 1u);
  EXPECT_EQ(python_statements("x = 'abc\ny = 1\n", 1, 9).size(), 2u);
  EXPECT_TRUE(python_statements("", 1, 9).empty());
}

} // namespace
} // namespace portproof
