// SPDX-License-Identifier: MIT
#include "portproof/adapter.h"

#include <gtest/gtest.h>

#include "mlxaudio/error.h"
#include "portproof/line_definitions.h"
#include "portproof/port.h"
#include "portproof/recorder.h"
#include "portproof/tests/project.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;

std::string trouble(const Json& port) {
  try {
    Adapter::read(port, "[port]");
  } catch (const mlxaudio::Error& e) {
    return e.what();
  }
  return "";
}

TEST(Adapter, IsForCppUnlessTold) {
  const Adapter a = Adapter::read(Json::object(), "[port]");
  EXPECT_TRUE(a.cpp);
}

TEST(Adapter, SaysWhatIsMissing) {
  EXPECT_NE(
      trouble({{"language", "rust"}}).find("write \"c++\" or \"command\""),
      std::string::npos);
  EXPECT_NE(
      trouble({{"language", "command"}}).find("lacks `endings`"),
      std::string::npos);
  EXPECT_NE(
      trouble({{"language", "command"}, {"endings", {".rs"}}})
          .find("lacks `comment`"),
      std::string::npos);
  EXPECT_NE(
      trouble({{"comment", "#"}}).find("`comment` is for"),
      std::string::npos);
  EXPECT_NE(
      trouble({{"language", "command"}, {"endings", 3}})
          .find("`endings` has the wrong type"),
      std::string::npos);
}

TEST(Adapter, CommentsAndBlanksAreNoCode) {
  EXPECT_EQ(
      code_lines("# a\n\nx = 1  \n  # b\n  y = 2 # c\n", "#"),
      "x = 1\n  y = 2 # c\n");
  EXPECT_EQ(code_lines("x", "//"), "x\n");
}

TEST(Adapter, FillsNamesIn) {
  EXPECT_EQ(
      filled({"{a}/x", "b"}, {{"a", "1"}}),
      (std::vector<std::string>{"1/x", "b"}));
  EXPECT_THROW(filled({"{c}"}, {{"a", "1"}}), mlxaudio::ConfigError);
}

TEST(LineNotes, AreFoundInAnyComment) {
  const auto found = line_notes(
      "-- \\port fake.math.double\nfn()\n-- DEVIATION(f-1): because\n"
      "text \\port fake.no\n",
      "--");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "fake.math.double");
  EXPECT_EQ(found[0].line, 1);
  EXPECT_EQ(found[1].name, "f-1");
  EXPECT_EQ(found[1].text, "because");
}

TEST(LineProbes, AreTheFirstArgumentsOfCalls) {
  EXPECT_EQ(
      line_probes("add(\"a.b\", x)\nadd(\n  'c.d')\nf(\"plain\")\n\"e.f\"\n"),
      (std::vector<std::string>{"a.b", "c.d"}));
}

constexpr const char* kPython = R"(# \port fake.math.double
@cached
def twice(x):
    return (
        2 * x
    )

# DEVIATION(fake-1): never overflows
class Counter:
    # \port fake.math.Counter.add
    def add(self):
        self.count += 1

    def other(self):
        pass
)";

/// A project whose port is in Python, run by a shell script.
class PythonProject {
 public:
  explicit PythonProject(const std::string& more = "") {
    fake.replace(
        "port/fake/reference.toml",
        "sources = [\"src\"]\nexecutable = \"probes.sh\"",
        "sources = [\"py\"]\nlanguage = \"command\"\nendings = [\".py\"]\n"
        "comment = \"#\"\nprobes = \"probes.py\"\n"
        "command = [\"{root}/probes.sh\"]\n" +
            more);
    fake.write("py/fake/math.py", kPython);
    fake.write("py/fake/other.py", "X = 1\n");
    fake.write(
        "port/fake/probes.py",
        "add('fake.math.double', f)\nadd('fake.math.Counter', "
        "g)\nload('a.b')\n");
  }
  Port port() const {
    return {Project{fake.root()}, "fake", fake.root() / "build"};
  }
  std::map<std::string, Definition> definitions() const {
    std::map<std::string, Definition> out;
    const Port all = port();
    for (const Definition& d : all.definitions.tagged) {
      out[d.tag] = d;
    }
    return out;
  }
  FakeProject fake;
};

TEST(LineDefinitions, EndWhereTheIndentationDoes) {
  const PythonProject p("definitions = \"indented\"");
  const auto found = p.definitions();
  ASSERT_EQ(found.size(), 2u);
  const Definition& twice = found.at("fake.math.double");
  EXPECT_EQ(twice.name, "twice");
  EXPECT_EQ(twice.kind, "function");
  EXPECT_EQ(twice.file, "py/fake/math.py");
  EXPECT_EQ(twice.line, 2);
  EXPECT_EQ(twice.end_line, 6);
  const Definition& add = found.at("fake.math.Counter.add");
  EXPECT_EQ(add.line, 11);
  EXPECT_EQ(add.end_line, 12);
}

TEST(LineDefinitions, EndAtTheNextTagWithoutIndentation) {
  const PythonProject p;
  const auto found = p.definitions();
  EXPECT_EQ(found.at("fake.math.double").end_line, 9);
  EXPECT_EQ(found.at("fake.math.Counter.add").end_line, 15);
}

TEST(LineDefinitions, ATagOnNothingIsSaid) {
  const PythonProject p;
  p.fake.write("py/fake/math.py", "x = 1\n# \\port fake.math.double\n");
  EXPECT_EQ(
      p.definitions().at("fake.math.double").problem,
      "sits on no definition");
}

TEST(LineDefinitions, AreFoundByTheirNamesWhereThereAreNoTags) {
  const PythonProject p(
      "symbols = { \"fake.math.Counter\" = \"py.fake.math.Counter.other\", "
      "\"fake.math.unused\" = \"py.fake.math.gone\" }");
  const auto found = p.definitions();
  const Definition& other = found.at("fake.math.Counter");
  EXPECT_EQ(other.file, "py/fake/math.py");
  EXPECT_EQ(other.line, 14);
  EXPECT_EQ(other.end_line, 15);
  EXPECT_EQ(
      found.at("fake.math.unused").problem,
      "the port has no `py.fake.math.gone`");
}

TEST(CommandPort, IsVerifiedAndItsMarksExpire) {
  const PythonProject p;
  p.fake.build();
  Port port = p.port();
  EXPECT_EQ(port.probes.size(), 2u) << "other calls are no probes";
  VerifyOptions options;
  options.command = probe_command(port.project, port.reference, "", "");
  ASSERT_EQ(options.command.front(), p.fake.program().string());
  for (const Result& r : verify(port, options)) {
    EXPECT_EQ(r.state, Result::State::pass) << r.component << ": " << r.why;
  }
  const auto holds = [&] {
    const Port now = p.port();
    return now.standing(*now.inventory.find("fake.math.double")).holds;
  };
  EXPECT_TRUE(holds());
  p.fake.replace("py/fake/math.py", "# DEV", "# A DEV");
  EXPECT_TRUE(holds()) << "a comment is no edit of the code";
  p.fake.replace("py/fake/other.py", "X = 1", "X = 2");
  EXPECT_FALSE(holds()) << "it rests on all of the port";
}

TEST(CommandPort, RestsOnItsFileAndWhatThatRestsOn) {
  const PythonProject p(
      "closure = \"file\"\nrests_on = { \"py/fake/math.py\" = "
      "[\"py/fake/third.py\"] }");
  p.fake.write("py/fake/third.py", "Z = 1\n");
  const Port port = p.port();
  EXPECT_EQ(
      port.closure(*port.inventory.find("fake.math.double")),
      (std::set<std::string>{"py/fake/math.py", "py/fake/third.py"}));
}

TEST(CommandPort, InAReferenceThatIsNotFetchedIsSaid) {
  const PythonProject p("from = \"torch\"");
  ::setenv("PORTPROOF_DIR", p.fake.path("nowhere").c_str(), 1);
  try {
    p.port();
    ADD_FAILURE() << "a port that is not there was read";
  } catch (const mlxaudio::Error& e) {
    EXPECT_NE(
        std::string(e.what()).find("run `portproof fetch fake`"),
        std::string::npos)
        << e.what();
  }
  ::unsetenv("PORTPROOF_DIR");
}

TEST(References, AreChecked) {
  const auto trouble_with = [](const std::string& text) {
    const FakeProject fake;
    fake.replace(
        "port/fake/reference.toml",
        "package = \"fake\"\nmodule = \"fake\"\nversion = \"1\"\n"
        "file = \"fake-1.tar.gz\"\nsha256 = \"abc\"",
        text);
    try {
      Reference::load(Project{fake.root()}, "fake");
    } catch (const mlxaudio::Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  const std::string commit(40, 'a');
  EXPECT_EQ(trouble_with("git = \"../r\"\ncommit = \"" + commit + "\""), "");
  EXPECT_EQ(trouble_with("folder = \"../r\"\nsha256 = \"\""), "");
  EXPECT_NE(
      trouble_with("git = \"../r\"\ncommit = \"main\"").find("all 40"),
      std::string::npos);
  EXPECT_NE(
      trouble_with("git = \"a\"\nfolder = \"b\"").find("keep one"),
      std::string::npos);
}

} // namespace
} // namespace portproof
