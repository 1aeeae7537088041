// SPDX-License-Identifier: MIT
#include "portproof/lexer.h"

#include <gtest/gtest.h>

#include "portproof/text.h"

namespace portproof {
namespace {

TEST(Lexer, CommentsAndBlanksDoNotCount) {
  EXPECT_EQ(
      code_hash("int  a = 1; // one\n/* two */ int b;\n"),
      code_hash("int a=1;\n\n\nint b; // other\n"));
  EXPECT_NE(code_hash("int a = 1;"), code_hash("int a = 2;"));
  EXPECT_NE(code_hash("a b"), code_hash("ab"));
  EXPECT_NE(code_hash("a + +b"), code_hash("a - +b"));
}

TEST(Lexer, StringsKeepWhatLooksLikeAComment) {
  EXPECT_NE(code_hash("s = \"a // b\";"), code_hash("s = \"a // c\";"));
  EXPECT_NE(
      code_hash("s = R\"x(/* \" */)x\";"),
      code_hash("s = R\"x(/* \" -)x\";"));
  EXPECT_NE(code_hash("s = \"a  b\";"), code_hash("s = \"a b\";"));
  EXPECT_EQ(stripped("c = '\"'; // x"), "c = '\"' ;");
  EXPECT_EQ(stripped("n = 1'000'000; // x"), "n = 1'000'000 ;");
  EXPECT_EQ(stripped("s = u8\"é\\\"//\"; /* y */"), "s = u8\"é\\\"//\" ;");
}

TEST(Lexer, LinesOfDirectivesCount) {
  EXPECT_NE(code_hash("#define A\nint x;\n"), code_hash("#define A int x;\n"));
  EXPECT_NE(
      code_hash("#ifdef A\nx\n#endif\ny\n"),
      code_hash("#ifdef A\nx y\n#endif\n"));
  EXPECT_EQ(
      code_hash("#define A 1 \\\n  + 2\nint x;"),
      code_hash("#define A 1 + 2 // three\n\nint x;"));
}

TEST(Lexer, FindsIncludes) {
  EXPECT_EQ(
      quoted_includes(
          lex("#include \"a/b.h\"\n#include <c>\n// #include \"d\"\n")),
      std::vector<std::string>{"a/b.h"});
}

TEST(Lexer, FindsTagsAndDeviations) {
  const auto found =
      notes(lex("/// Does it. \\port a.b.C, a.b.D\n"
                "/// \\port\n/// a.long.Name\n"
                "int x; // \\port a.e.\n"
                "// DEVIATION(m-3): since it\n//   is so\nint y;\n"
                "const char* s = \"\\\\port no.tag\";\n"));
  std::vector<std::string> names;
  for (const Note& n : found) {
    names.push_back(n.name);
  }
  EXPECT_EQ(
      names,
      (std::vector<
          std::string>{"a.b.C", "a.b.D", "a.long.Name", "a.e", "m-3"}));
  EXPECT_EQ(found.back().text, "since it is so");
}

TEST(Lexer, ANameMayStandOnTheNextLineOfABlockComment) {
  const auto found = notes(lex("/** \\port\n * a.b */ int x;"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "a.b");
}

TEST(Lexer, CutsProbesApart) {
  const std::string text =
      "void f(P& p) {\n"
      "  p.add(\"a.b\", [](C& c) { return g(c, \")\"); });\n"
      "  p.add(\"a.\" \"c\", h);\n}\n";
  const ProbeFile file = probe_texts(text);
  ASSERT_EQ(file.probes.size(), 2u);
  EXPECT_EQ(file.probes[0].component, "a.b");
  EXPECT_EQ(file.probes[1].component, "a.c");
  EXPECT_EQ(file.probes[1].text, ". add ( \"a.\" \"c\" , h )");
  EXPECT_EQ(file.rest.find('g'), std::string::npos);
  EXPECT_NE(file.rest.find("void f"), std::string::npos);
}

TEST(Text, StarsMatchAnything) {
  EXPECT_TRUE(matches("a.*", "a.b.c"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*c*", "abcd"));
  EXPECT_FALSE(matches("a.*", "b.a.c"));
  EXPECT_FALSE(matches("a", "ab"));
}

} // namespace
} // namespace portproof
