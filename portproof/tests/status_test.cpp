// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "mlxaudio/error.h"
#include "portproof/port.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using test::FakeProject;
using test::message;
using test::port_of;

TEST(Reference, NamesTheKeyThatIsWrong) {
  const FakeProject fake;
  const Project project{fake.root()};
  fake.replace("port/fake/reference.toml", "decides = true\n", "");
  EXPECT_NE(
      message([&] {
        Reference::load(project, "fake");
      }).find("exactly one [[reference]] must have `decides = true`"),
      std::string::npos);
  EXPECT_NE(
      message([&] {
        Reference::load(project, "none");
      }).find("run `portproof init none`"),
      std::string::npos);
}

TEST(Reference, InitWritesAFileThatLoadsAndNeverOverwrites) {
  const FakeProject fake;
  const Project project{fake.root()};
  init(project, "new");
  EXPECT_EQ(Reference::load(project, "new").model, "new");
  EXPECT_NE(
      message([&] { init(project, "new"); }).find("exists already"),
      std::string::npos);
  EXPECT_NE(message([&] { init(project, "../x"); }), "");
}

TEST(Inventory, AnEditByHandIsRefused) {
  const FakeProject fake;
  fake.replace("port/fake/inventory.json", "\"line\": 1", "\"line\": 2");
  EXPECT_NE(
      message([&] { port_of(fake); }).find("was edited by hand"),
      std::string::npos);
}

TEST(Inventory, AnotherPackageThanTheLockedOneIsRefused) {
  const FakeProject fake;
  fake.replace("port/fake/reference.toml", "\"abc\"", "\"def\"");
  EXPECT_NE(
      message([&] { port_of(fake); }).find("was made from another fake"),
      std::string::npos);
}

TEST(Inventory, TagsMayNameItems) {
  const FakeProject fake;
  const Port port = port_of(fake);
  const Component* counter = port.inventory.find("fake.math.Counter");
  EXPECT_EQ(port.inventory.owner("fake.math.Counter.add"), counter);
  EXPECT_EQ(port.inventory.owner("fake.math.Counter.sub"), nullptr);
  EXPECT_EQ(port.inventory.owner("fake.math"), nullptr);
}

TEST(Status, FindsDefinitionsByTheirTags) {
  const FakeProject fake;
  const Port port = port_of(fake);
  ASSERT_EQ(port.definitions.tagged.size(), 2u);
  const Component* twice = port.inventory.find("fake.math.double");
  const auto found = port.definitions_of(*twice);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]->name, "twice");
  EXPECT_EQ(found[0]->file, "src/math.cpp") << "where its body is";
  EXPECT_EQ(found[0]->line, 2);
  EXPECT_EQ(
      port.closure(*twice),
      (std::set<std::string>{"src/math.cpp", "src/math.h"}));
  EXPECT_TRUE(port.wrong().empty());
}

TEST(Status, ATagThatNamesNothingIsRed) {
  const FakeProject fake;
  fake.replace(
      "src/math.h",
      "\\port fake.math.double",
      "\\port fake.math.gone");
  const auto wrong = port_of(fake).wrong();
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_EQ(
      wrong[0],
      "`\\port fake.math.gone` in src/math.h names nothing in the references");
}

TEST(Status, ATagOnNothingIsRed) {
  const FakeProject fake;
  fake.write("src/other.h", "// \\port fake.math.double\n\n// the end\n");
  fake.replace(
      "src/math.cpp",
      "float twice(float x) {",
      "float twicf(float x) {");
  const auto wrong = port_of(fake).wrong();
  ASSERT_EQ(wrong.size(), 2u);
  EXPECT_NE(wrong[0].find("declared but not defined"), std::string::npos);
  EXPECT_NE(wrong[1].find("sits on no definition"), std::string::npos);
}

TEST(Status, AFileWithoutAHeaderThatItNeedsSaysWhichOne) {
  const FakeProject fake;
  fake.write(
      "src/other.h",
      "#include <no_such_header>\n// \\port fake.math.double\n");
  const auto wrong = port_of(fake).wrong();
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_NE(wrong[0].find("'no_such_header' file not found"), wrong[0].npos)
      << wrong[0];
}

TEST(Status, ARuleThatMatchesNothingIsRed) {
  const FakeProject fake;
  fake.replace("port/fake/reference.toml", "fake.math.unused", "fake.math.old");
  EXPECT_EQ(
      port_of(fake).wrong(),
      std::vector<std::string>{
          "`fake.math.old` in reference.toml matches no component"});
}

TEST(Status, WritesTheDocument) {
  const FakeProject fake;
  const std::string text = document({port_of(fake).section()});
  EXPECT_NE(
      text.find("| Component | Initial port | Verification | Notes |"),
      std::string::npos);
  EXPECT_NE(
      text.find("| `fake.math.double` (function) | ✅ |  |  |"),
      std::string::npos)
      << text;
  EXPECT_NE(
      text.find("| `fake.math.Counter` (class, 1 item) | ✅ |  | deviation "
                "fake-1: never overflows |"),
      std::string::npos)
      << text;
  EXPECT_NE(
      text.find("| `fake.math.unused` (function) | nobody calls it |"),
      std::string::npos);
  EXPECT_NE(
      text.find("### Core: 2 of 2 ported, 0 verified"),
      std::string::npos);
}

} // namespace
} // namespace portproof
