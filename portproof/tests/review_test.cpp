// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <set>

#include "mlxaudio/error.h"
#include "portproof/bundle.h"
#include "portproof/modes.h"
#include "portproof/mutants.h"
#include "portproof/port_parts.h"
#include "portproof/review_page.h"
#include "portproof/review_sign.h"
#include "portproof/round_work.h"
#include "portproof/tests/project.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;
using test::message;
using Imported = ImportedPage::Outcome;
namespace fs = std::filesystem;

constexpr const char* kDouble = "fake.math.double";
constexpr const char* kCounter = "fake.math.Counter";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The small project with its reference unpacked, and with seeds of bundles
/// kept inside it.
class ReviewTest : public ::testing::Test {
 protected:
  ReviewTest() {
    fake.write("work/fetch.json", "{}");
    fake.write(
        "work/src/torch/fake/math.py",
        "def double(x):\n    return 2 * x\n");
    ::setenv("PORTPROOF_STATE", fake.path("state").c_str(), 1);
  }
  ~ReviewTest() override {
    ::unsetenv("PORTPROOF_STATE");
  }

  Port port() const {
    return Port(Project{fake.root()}, "fake", fake.root() / "build");
  }
  Workplace work() const {
    return {fake.path("work")};
  }

  void verify_all() const {
    fake.build();
    Port p = port();
    VerifyOptions options;
    options.command = {fake.program().string()};
    verify(p, options);
  }
  Round open() const {
    Port p = port();
    return p.rounds.open(p.reference, round_state(p));
  }

  /// A reading that leaves nothing out.
  Json reading(const std::string& component) const {
    const Port p = port();
    const Page page = review_page(p, *p.inventory.find(component), work());
    const PortPart& part = page.parts.back().place;
    Json out = {
        {"component", component},
        {"fingerprint", page.fingerprint},
        {"verdict", "right"},
        {"question",
         {{{"asked", "does it overflow?"}, {"answer", "no: a float"}}}},
        {"experiment", {{{"command", "run it"}, {"figure", "4.0"}}}},
        {"statement", Json::array()}};
    for (std::size_t n = 1; n <= page.reference.statements.size(); ++n) {
      out["statement"].push_back(
          {{"n", n},
           {"port",
            {part.file + ":" + std::to_string(part.line) + "-" +
             std::to_string(part.end_line)}}});
    }
    return out;
  }

  /// Names of the definitions that a component's page shows.
  std::set<std::string> names_on_page(const std::string& component) const {
    const Port p = port();
    std::set<std::string> names;
    for (const PortPart& part : port_parts(p, *p.inventory.find(component))) {
      names.insert(part.name);
    }
    return names;
  }

  std::string sign(const Json& reading, const std::string& reader = "r1") {
    fake.write("reading.json", reading.dump(1));
    return message([&] {
      Port p = port();
      sign_reading(p, work(), fake.path("reading.json"), reader);
    });
  }

  bool marked(const std::string& component) const {
    const Port p = port();
    return p.marked(*p.inventory.find(component));
  }
  bool read(const std::string& component, int round) const {
    const Port p = port();
    return p.signing(*p.inventory.find(component), round).holds;
  }

  const FakeProject fake;
};

// --- what a reading rests on -------------------------------------------------

TEST_F(ReviewTest, APageShowsBothSourcesWithStatementsNumbered) {
  const Port p = port();
  const Page page = review_page(p, *p.inventory.find(kDouble), work());
  ASSERT_EQ(page.reference.statements.size(), 2u);
  EXPECT_EQ(page.reference.statements[1].text, "return 2 * x");
  const std::string text = page_text(page, 120);
  EXPECT_TRUE(has(text, "   2)    2      return 2 * x")) << text;
  EXPECT_TRUE(has(text, "float twice(float x) {")) << text;
  EXPECT_TRUE(has(text, "src/math.h: twice")) << "its declaration too";
  EXPECT_FALSE(has(text, "++count"));
  const std::string html = page_html(page);
  EXPECT_TRUE(has(html, "<td>    return 2 * x</td>"));
  EXPECT_FALSE(has(html, "http")) << "nothing is fetched";
  EXPECT_TRUE(has(reading_template(page), "n = 2\nport = []"));
  EXPECT_EQ(page_json(page)["reference"]["statements"].size(), 2u);
}

TEST_F(ReviewTest, AReadingRestsOnTheDefinitionAndNotOnWhatItUses) {
  fake.write(
      "src/kernel.h",
      "#pragma once\ninline float two() { return 2; }\n");
  fake.replace(
      "src/math.cpp",
      "#include \"math.h\"",
      "#include \"math.h\"\n#include \"kernel.h\"");
  fake.replace("src/math.cpp", "2 * x", "two() * x");
  const auto prints = [&] {
    const Port p = port();
    return std::pair(
        reading_fingerprint(p, *p.inventory.find(kDouble)),
        reading_fingerprint(p, *p.inventory.find(kCounter)));
  };
  const auto before = prints();
  fake.replace("src/kernel.h", "return 2;", "return 1 + 1;");
  EXPECT_EQ(prints(), before) << "a kernel";
  fake.replace("src/math.cpp", "// exact", "// exact: a power of two");
  EXPECT_EQ(prints(), before) << "a comment";
  fake.replace("src/math.cpp", "float twice", "\n\nfloat twice");
  EXPECT_EQ(prints(), before) << "it only moved";
  fake.replace("src/math.cpp", "two() * x", "x * two()");
  const auto after = prints();
  EXPECT_NE(after.first, before.first);
  EXPECT_EQ(after.second, before.second) << "the other definition stays";
  fake.replace("src/math.cpp", "++count", "count += 1");
  EXPECT_NE(prints().second, before.second) << "a member";
}

TEST_F(ReviewTest, AHelperThatTheDefinitionNamesBelongsToIt) {
  fake.replace(
      "src/math.cpp",
      "float twice",
      "namespace {\nfloat half(float x) { return x / 2; }\n"
      "float other(float x) { return x; }\n}\nfloat twice");
  fake.replace("src/math.cpp", "2 * x", "4 * half(x)");
  const Port p = port();
  std::set<std::string> names;
  for (const PortPart& part : port_parts(p, *p.inventory.find(kDouble))) {
    names.insert(part.name);
  }
  EXPECT_EQ(names, (std::set<std::string>{"half", "twice"}));
}

TEST_F(ReviewTest, OverloadsBelongToADefinitionAndLocalsToNone) {
  fake.replace(
      "src/math.cpp",
      "float twice(float x) {",
      "double twice(double x) {\n  const double more = x;\n  return x + "
      "more;\n}\nvoid other() {\n  int count = 0;\n  (void)count;\n}\n"
      "float twice(float x) {\n  const float count = 0;\n  (void)count;");
  const Port p = port();
  std::vector<int> lines;
  for (const PortPart& part : port_parts(p, *p.inventory.find(kDouble))) {
    if (part.file == "src/math.cpp") {
      lines.push_back(part.line);
    }
  }
  EXPECT_EQ(lines, (std::vector<int>{2, 10}))
      << "both overloads; neither `more` nor the other function's `count`";
}

TEST_F(ReviewTest, ADeclarationIsShownWithAllItsDefaults) {
  fake.replace(
      "src/math.h",
      "twice(float x)",
      "twice(\n    float x = {},\n    int times = 2)");
  fake.replace("src/math.cpp", "twice(float x)", "twice(float x, int)");
  const Port p = port();
  std::vector<std::pair<int, int>> lines;
  for (const PortPart& part : port_parts(p, *p.inventory.find(kDouble))) {
    if (part.file == "src/math.h") {
      lines.emplace_back(part.line, part.end_line);
    }
  }
  EXPECT_EQ(lines, (std::vector<std::pair<int, int>>{{4, 6}}));
}

TEST_F(ReviewTest, HelpersOfTheFilesOfMembersBelongToAClass) {
  fake.replace(
      "src/math.h",
      "  void add();",
      "  int start;\n  Counter();\n  void add();\n  friend class Adder;");
  fake.replace(
      "src/math.cpp",
      "void Counter::add() {",
      "namespace {\nconstexpr int kStep = 1;\nconstexpr int kUnused = 2;\n"
      "int step_of(int n) { return n * kStep; }\nint first() { return 0; }\n}\n"
      "class Adder {\n public:\n  int next(int n);\n};\n"
      "int Adder::next(int n) { return n + step_of(n); }\n"
      "Counter::Counter() : start(first()) {}\n"
      "void Counter::add() {\n  count = Adder().next(count);");
  EXPECT_EQ(
      names_on_page(kCounter),
      (std::set<std::string>{
          "Adder",
          "Adder::next",
          "Counter",
          "Counter::Counter",
          "Counter::add",
          "first",
          "kStep",
          "step_of"}))
      << "a class, its methods, what these name, and what a constructor does "
         "before its body";
  EXPECT_EQ(names_on_page(kDouble), (std::set<std::string>{"twice"}));
}

TEST_F(ReviewTest, NearerNamesDrawInNoHelper) {
  fake.replace(
      "src/math.cpp",
      "float twice(float x) {",
      "namespace {\nfloat x() { return 1; }\nfloat local() { return 1; }\n"
      "float field() { return 1; }\nfloat sized() { return 1; }\n"
      "float bound() { return 1; }\nfloat asked() { return 1; }\n"
      "float used() { return 1; }\n}\n"
      "namespace far {\nstruct Sized { float field = 0; };\n"
      "float sized() { return 1; }\n}\n"
      "float twice(float x) {\n"
      "  {\n    const float local = far::sized();\n    (void)local;\n"
      "    const float used = 1;\n    (void)used;\n  }\n"
      "  const auto get = [](float asked) { return asked; };\n"
      "  for (auto [bound] : {far::Sized{.field = get(1)}}) {\n"
      "    x += bound;\n  }\n"
      "  x += far::Sized().field + used();\n");
  EXPECT_EQ(
      names_on_page(kDouble),
      (std::set<std::string>{"far::Sized", "far::sized", "twice", "used"}))
      << "`used` is a local of another block only";
  fake.replace("src/math.cpp", "float x() {", "float more() {");
  fake.replace("src/math.cpp", "far::sized();", "far::sized() + ::more();");
  EXPECT_TRUE(names_on_page(kDouble).contains("more"));
}

TEST_F(ReviewTest, AMemberComesBeforeAHelperOfItsName) {
  fake.replace(
      "src/math.cpp",
      "void Counter::add() {",
      "namespace {\nint count() { return 1; }\nint add() { return 1; }\n}\n"
      "void Counter::add() {");
  EXPECT_EQ(
      names_on_page(kCounter),
      (std::set<std::string>{"Counter", "Counter::add"}));
}

TEST_F(ReviewTest, AMemberWithATagIsReadWithItsClassAndAHelperWithOneIsNot) {
  fake.replace(
      "src/math.h",
      "/// \\port fake.math.double\nfloat twice(float x);\n",
      "float twice(float x);\n");
  fake.replace(
      "src/math.h",
      "  void add();",
      "  /// \\port fake.math.double\n  void add();");
  const std::set<std::string> both = {"Counter", "Counter::add"};
  EXPECT_EQ(names_on_page(kCounter), both);
  EXPECT_EQ(names_on_page(kDouble), (std::set<std::string>{"Counter::add"}));

  // The same for a function, if its tag names both.
  fake.replace("src/math.h", "  /// \\port fake.math.double\n", "");
  fake.replace("src/math.cpp", "++count;", "count += twice(1);");
  fake.replace(
      "src/math.h",
      "float twice",
      "/// \\port fake.math.double\nfloat twice");
  EXPECT_EQ(names_on_page(kCounter), both);
  fake.replace(
      "src/math.h",
      "\\port fake.math.double",
      "\\port fake.math.double, fake.math.Counter.add");
  EXPECT_TRUE(names_on_page(kCounter).contains("twice"));
  EXPECT_EQ(names_on_page(kDouble), (std::set<std::string>{"twice"}));
}

TEST_F(ReviewTest, DeviationsOfFilesThatItRestsOnMayBeCited) {
  fake.write(
      "src/checks.h",
      "#pragma once\n// DEVIATION(fake-2): refuses more\nvoid check();\n");
  fake.write(
      "src/alone.h",
      "#pragma once\n// DEVIATION(fake-3): of nothing here\nvoid alone();\n");
  fake.replace(
      "src/math.h",
      "#pragma once",
      "#pragma once\n#include \"checks.h\"");
  const Port p = port();
  const Page page = review_page(p, *p.inventory.find(kCounter), work());
  ASSERT_EQ(page.deviations.size(), 1u);
  EXPECT_EQ(page.deviations[0].id, "fake-1");
  ASSERT_EQ(page.elsewhere.size(), 1u);
  EXPECT_EQ(page.elsewhere[0].id, "fake-2");
  EXPECT_TRUE(has(page_text(page, 120), "deviation fake-2 of src/checks.h\n"));
  EXPECT_TRUE(has(page_html(page), "fake-2 (src/checks.h)"));
  EXPECT_EQ(page_json(page)["deviations_elsewhere"][0]["why"], "refuses more");
  open();
  Json r = reading(kCounter);
  r["statement"][0] = {{"n", 1}, {"deviation", "fake-2"}};
  EXPECT_EQ(sign(r), "");
  r["statement"][0]["deviation"] = "fake-3";
  EXPECT_TRUE(has(sign(r), "declares the deviation fake-3"));
}

TEST_F(ReviewTest, AReferenceThatIsNotThereOrWasEditedIsSaid) {
  const Port p = port();
  const Component& c = *p.inventory.find(kDouble);
  EXPECT_TRUE(
      has(message([&] { review_page(p, c, {fake.path("nowhere")}); }),
          "run `portproof fetch fake`"));
  Json inventory = mlxaudio::read_json(fake.path("port/fake/inventory.json"));
  inventory["references"]["torch"]["files"] = {{"fake/math.py", "0123"}};
  fake.write("port/fake/inventory.json", seal(inventory));
  const Port q = port();
  EXPECT_TRUE(
      has(message([&] { review_page(q, *q.inventory.find(kDouble), work()); }),
          "is not what the inventory was made from"));
}

// --- signing -----------------------------------------------------------------

TEST_F(ReviewTest, ACompleteReadingIsSigned) {
  open();
  EXPECT_EQ(sign(reading(kDouble)), "");
  EXPECT_TRUE(read(kDouble, 1));
  EXPECT_FALSE(read(kCounter, 1));
}

TEST_F(ReviewTest, WithoutAnOpenRoundNothingIsSigned) {
  EXPECT_TRUE(has(sign(reading(kDouble)), "portproof round fake open"));
}

TEST_F(ReviewTest, WhatIsLeftOutIsRefused) {
  open();
  struct Case {
    const char* says;
    std::function<void(Json&)> spoil;
  };
  const std::vector<Case> cases = {
      {"statement 2 (line 2) is left out",
       [](Json& r) { r["statement"].erase(1); }},
      {"statement 3: the reference has 2",
       [](Json& r) { r["statement"][1]["n"] = 3; }},
      {"statement 1 is there twice",
       [](Json& r) { r["statement"][1]["n"] = 1; }},
      {"has none of `port`",
       [](Json& r) { r["statement"][0]["port"] = Json::array(); }},
      {"has more than one of",
       [](Json& r) { r["statement"][0]["not_applicable"] = "typing"; }},
      {"is neither file:line",
       [](Json& r) { r["statement"][0]["port"] = {"src/math.cpp"}; }},
      {"the file has 7 lines",
       [](Json& r) { r["statement"][0]["port"] = {"src/math.cpp:2-99"}; }},
      {"no file that the component rests on",
       [](Json& r) { r["statement"][0]["port"] = {"port/x.cpp:1"}; }},
      {"rests on declares the deviation none",
       [](Json& r) {
         r["statement"][0]["port"] = Json::array();
         r["statement"][0]["deviation"] = "none";
       }},
      {"no [[question]] was asked",
       [](Json& r) { r["question"][0]["answer"] = " "; }},
      {"an [[experiment]] with its command and figure is asked for",
       [](Json& r) { r["experiment"][0]["figure"] = ""; }},
      {"`fingerprint` is not of", [](Json& r) { r["fingerprint"] = "0123"; }},
      {"has no component", [](Json& r) { r["component"] = "fake.math.gone"; }},
      {"`verdict` must be", [](Json& r) { r["verdict"] = "fine"; }},
      {"there is no `statments`",
       [](Json& r) { r["statments"] = Json::array(); }},
      {"no [[finding]] says where", [](Json& r) { r["verdict"] = "wrong"; }},
      {"is not minor", [](Json& r) {
         r["finding"] = {{{"what", "it is off by one"}}};
       }}};
  for (const Case& c : cases) {
    Json r = reading(kDouble); // discrete: an experiment is asked for
    c.spoil(r);
    const std::string said = sign(r);
    EXPECT_TRUE(has(said, c.says)) << c.says << "\n" << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
    EXPECT_TRUE(has(said, "reading.json")) << said;
  }
  EXPECT_FALSE(fs::exists(fake.path("port/fake/readings.jsonl")))
      << "nothing was half-written";
}

TEST_F(ReviewTest, LinesMustHoldCode) {
  fake.replace("src/math.cpp", "float twice", "// a comment\n\nfloat twice");
  open();
  Json r = reading(kDouble);
  r["statement"][0]["port"] = {"src/math.cpp:2-3"};
  EXPECT_TRUE(has(sign(r), "there is no code there"));
  r = reading(kDouble);
  r["finding"] = {
      {{"what", "the comment is wrong"},
       {"at", "src/math.cpp:2"},
       {"minor", true}}};
  EXPECT_EQ(sign(r), "") << "a finding may be about a comment";
}

TEST_F(ReviewTest, ADeviationOrAReasonMayStandForLines) {
  open();
  Json r = reading(kCounter);
  r["statement"][0] = {{"n", 1}, {"deviation", "fake-1"}};
  r["statement"][1] = {{"n", 2}, {"not_applicable", "an annotation"}};
  EXPECT_EQ(sign(r), "");
}

TEST_F(ReviewTest, TheAuthorIsNoReader) {
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[review]\nauthors = { a1 = [\"fake.math.d*\"] }\n\n[environment]");
  open();
  EXPECT_TRUE(has(sign(reading(kDouble), "a1"), "a1 wrote fake.math.double"));
  EXPECT_EQ(sign(reading(kCounter), "a1"), "") << "which another wrote";
  EXPECT_EQ(sign(reading(kDouble), "r1"), "");
  EXPECT_TRUE(has(sign(reading(kDouble), "no id"), "is no reader's id"));
  fake.replace("port/fake/reference.toml", "[review]", "[review]\nsolo = true");
  EXPECT_EQ(sign(reading(kDouble), "a1"), "");
  EXPECT_TRUE(has(document({port().section()}), "Solo mode"));
}

TEST_F(ReviewTest, WhatAReaderFindsBecomesAFollowUp) {
  open();
  Json r = reading(kDouble);
  r["finding"] = {
      {{"what", "the name is odd"}, {"minor", true}},
  };
  EXPECT_EQ(sign(r), "");
  EXPECT_EQ(port().followups.blockers(), 0);
  r["verdict"] = "wrong";
  r["finding"] = {{{"what", "should be three"}, {"at", "src/math.cpp:3"}}};
  EXPECT_EQ(sign(r), "");
  ASSERT_EQ(port().followups.blockers(), 1);
  EXPECT_EQ(
      port().followups.open().front().text,
      "src/math.cpp:3: should be three");
  EXPECT_EQ(port().followups.open().front().source, "reader r1, round 1");
}

TEST_F(ReviewTest, AThirdOrSoIsDrawnForAnExperiment) {
  fake.record({{"y", {{"$near", 4.0}}}}); // no longer discrete
  const Port p = port();
  const Component& c = *p.inventory.find(kDouble);
  int asked = 0;
  for (int i = 0; i < 400; ++i) {
    asked += experiment_asked(p, c, std::to_string(i), 1).empty() ? 0 : 1;
  }
  EXPECT_GT(asked, 70);
  EXPECT_LT(asked, 130);
  EXPECT_EQ(
      experiment_asked(p, *p.inventory.find(kCounter), "x", 1),
      "it is discrete");
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[review]\nstochastic = [\"*double\"]\n\n[environment]");
  const Port q = port();
  EXPECT_EQ(
      experiment_asked(q, *q.inventory.find(kDouble), "x", 1),
      "it is stochastic");
}

// --- rounds ------------------------------------------------------------------

TEST_F(ReviewTest, ARoundClosesOnlyWhenAllIsVerifiedAndSigned) {
  verify_all();
  EXPECT_TRUE(marked(kDouble)) << "no round yet: evidence is enough";
  EXPECT_EQ(open().number, 1);
  EXPECT_FALSE(marked(kDouble)) << "a round clears the marks";
  EXPECT_TRUE(
      has(message([&] { open(); }), "round 1 of fake is open: close it first"));
  EXPECT_EQ(round_work(port()).unread.size(), 2u);
  EXPECT_EQ(next_unread(port())->name, kDouble);
  EXPECT_EQ(sign(reading(kDouble)), "");
  EXPECT_TRUE(marked(kDouble));
  EXPECT_EQ(sign(reading(kCounter)), "");
  EXPECT_EQ(next_unread(port()), nullptr);
  {
    Port p = port();
    const std::string id =
        p.followups.add({.text = "wait", .blocker = true}).id;
    EXPECT_FALSE(round_work(p).done());
    p.followups.resolve(id, "waited");
    EXPECT_TRUE(round_work(p).done());
    p.rounds.close(1, round_state(p));
  }
  EXPECT_EQ(port().rounds.closed(), 1);
  EXPECT_TRUE(marked(kDouble)) << "a closed round keeps its marks";
  const std::string text = document({port().section()});
  EXPECT_TRUE(has(text, "Round 1 (as recorded): ")) << text;
  EXPECT_TRUE(has(text, "closed. 2 of 2 required components read")) << text;
  EXPECT_TRUE(has(text, "| r1 | 2 | 0 | none planted | 0 |")) << text;
  EXPECT_EQ(open().number, 2);
  EXPECT_FALSE(marked(kDouble)) << "the next round clears them again";
  EXPECT_EQ(round_work(port()).unverified.size(), 2u);
  EXPECT_EQ(
      port().standing(*port().inventory.find(kDouble)).why,
      "round 2 asks for a new run");
}

TEST_F(ReviewTest, WhatChangedAfterTheLastRoundIsReadAnewInIt) {
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[gate]\nrounds = 1\n\n[environment]");
  open();
  EXPECT_EQ(sign(reading(kDouble)), "");
  EXPECT_EQ(sign(reading(kCounter)), "");
  {
    Port p = port();
    p.rounds.close(1, round_state(p));
  }
  EXPECT_TRUE(read(kDouble, 1));
  fake.replace("src/math.cpp", "2 * x", "x + x");
  EXPECT_FALSE(read(kDouble, 1));
  EXPECT_EQ(sign(reading(kDouble)), "");
  EXPECT_TRUE(read(kDouble, 1));
  EXPECT_EQ(port().rounds.closed(), 1);
}

TEST_F(ReviewTest, ALineOfRoundsThatIsMissingShows) {
  open();
  {
    Port p = port();
    p.rounds.close(1, {});
  }
  open();
  const std::string all = fake.read("port/fake/rounds.jsonl");
  const std::size_t first = all.find('\n') + 1;
  fake.write(
      "port/fake/rounds.jsonl",
      all.substr(0, first) + all.substr(all.find('\n', first) + 1));
  ASSERT_EQ(port().rounds.damage().size(), 1u);
  EXPECT_TRUE(has(port().rounds.damage()[0], "out of turn"));
  EXPECT_FALSE(round_work(port()).done());
}

TEST_F(ReviewTest, OneLineExpiresExactlyTheMarksThatRestOnIt) {
  fake.write(
      "src/counter.h",
      "#pragma once\n/// \\port fake.math.Counter\nstruct Counter {\n"
      "  int count = 0;\n  void add();\n};\n");
  fake.write(
      "src/counter.cpp",
      "#include \"counter.h\"\nvoid Counter::add() { ++count; }\n");
  fake.write(
      "src/math.h",
      "#pragma once\n/// \\port fake.math.double\nfloat twice(float x);\n");
  fake.write(
      "src/math.cpp",
      "#include \"math.h\"\nfloat twice(float x) {\n  return 2 * x;\n}\n");
  verify_all();
  open();
  EXPECT_EQ(sign(reading(kDouble)), "");
  EXPECT_EQ(sign(reading(kCounter)), "");
  EXPECT_TRUE(marked(kDouble) && marked(kCounter));
  fake.replace("src/math.cpp", "  return", "  // twice\n\n  return");
  EXPECT_TRUE(marked(kDouble) && marked(kCounter)) << "a comment";
  fake.replace("src/math.cpp", "2 * x", "x + x");
  EXPECT_FALSE(marked(kDouble));
  EXPECT_FALSE(read(kDouble, 1));
  EXPECT_TRUE(marked(kCounter));
  EXPECT_TRUE(
      has(document({port().section()}),
          "reading expired: its definition or the reference changed"));
}

TEST_F(ReviewTest, LaterRoundsAskForOtherEvidence) {
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[round.2]\ntitle = \"other\"\nfresh = true\nenvironments = { "
      "\"one thread\" = { OMP_NUM_THREADS = \"1\" } }\n\n[environment]");
  // A random input, and a probe that tells on stderr what it was run with.
  Json golden =
      mlxaudio::read_json(fake.path("port/fake/goldens/fake.math.double.json"));
  golden["calls"][0]["args"]["x"] = {
      {"$random",
       {{"seed", 7}, {"shape", {2}}, {"dtype", "F32"}, {"scale", 1.0}}}};
  fake.write("port/fake/goldens/fake.math.double.json", seal(golden));
  const std::string run =
      "echo \"$1 ${OMP_NUM_THREADS:-many}\" >> " + fake.path("runs").string() +
      "\nif grep -q round-2 \"$2/request.json\"; then\n"
      "echo '{\"calls\": [{\"id\": \"two\", \"result\": {\"y\": 4.0}}, "
      "{\"id\": \"round-2/two\", \"result\": {\"y\": 4.0}}]}' > "
      "\"$2/response.json\"\nelse\n"
      "echo '{\"calls\": [{\"id\": \"two\", \"result\": {\"y\": 4.0}}]}' > "
      "\"$2/response.json\"\nfi\n";
  fake.build(run);
  open();
  {
    Port p = port();
    p.rounds.close(1, {});
  }
  open();
  const auto results = [&] {
    Port p = port();
    VerifyOptions options;
    options.command = {fake.program().string()};
    return verify(p, options);
  };
  EXPECT_TRUE(has(results()[0].why, "portproof trace fake --round 2"));
  fake.replace(
      "port/fake/reference.toml",
      "fresh = true",
      "fresh = true\nsame_inputs = { \"*double\" = \"it takes an hour\" }");
  EXPECT_EQ(results()[0].state, Result::State::pass);
  fake.replace("port/fake/reference.toml", "\"*double\"", "\"other\"");
  // The same seed again is not another input.
  fake.write("port/fake/goldens/round-2/fake.math.double.json", seal(golden));
  EXPECT_EQ(results()[0].state, Result::State::missing);
  golden["calls"][0]["args"]["x"]["$random"]["seed"] = 8;
  fake.write("port/fake/goldens/round-2/fake.math.double.json", seal(golden));
  const Result r = results()[0];
  EXPECT_EQ(r.state, Result::State::pass) << r.why;
  ASSERT_EQ(r.grades.size(), 2u);
  EXPECT_EQ(r.grades[1].label(), "close (one thread)");
  EXPECT_TRUE(has(fake.read("runs"), "fake.math.double 1\n"));
  // Calls of the round's own file are asked for by name.
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[round.2.calls]\n\"real.py\" = [\"*double\"]\n\n[environment]");
  EXPECT_EQ(results()[0].state, Result::State::missing);
  EXPECT_TRUE(has(results()[0].why, "asks for the calls of real.py"));
  golden["calls"][0]["from"] = "real.py";
  fake.write("port/fake/goldens/round-2/fake.math.double.json", seal(golden));
  EXPECT_EQ(results()[0].state, Result::State::pass) << results()[0].why;
  const Port p = port();
  const Evidence* evidence = p.evidence.last(kDouble);
  EXPECT_EQ(evidence->round, 2);
  EXPECT_EQ(evidence->line.value("calls", 0), 2);
  EXPECT_TRUE(evidence->line.at("cost").contains("close (one thread)"));
  EXPECT_TRUE(p.standing(*p.inventory.find(kDouble)).holds);
  fake.replace(
      "port/fake/reference.toml",
      "OMP_NUM_THREADS = \"1\"",
      "OMP_NUM_THREADS = \"2\"");
  EXPECT_FALSE(port().standing(*port().inventory.find(kDouble)).holds)
      << "what the round asks for belongs to the evidence";
}

TEST_F(ReviewTest, ARoundThatIsDescribedWronglyIsSaid) {
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[round.1]\nfresh = \"yes\"\n\n[environment]");
  EXPECT_TRUE(has(message([&] { open(); }), "[round.1]: `title` is a text"));
}

TEST_F(ReviewTest, ARoundMayAskForTheTestsOfEveryMode) {
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[round.1]\nenvironments = { narrow = { OMP_NUM_THREADS = \"3\" } }\n"
      "modes = [\"usual\", \"narrow\"]\n\n"
      "[[mode]]\nname = \"load\"\nkind = \"loading\"\ntests = [\"Load.*\"]\n"
      "[[mode]]\nname = \"say\"\nkind = \"inference\"\ntext = \"hello\"\n"
      "tests = [\"Say.*\"]\n\n[environment]");
  open();
  verify_all();
  for (const char* component : {kDouble, kCounter}) {
    EXPECT_EQ(sign(reading(component)), "");
  }
  const auto run = [&](const std::string& environment, TestOutcome say) {
    Port p = port();
    const auto states = check_modes(
        modes_of(p.reference),
        {"Load.A", "Say.It"},
        std::map<std::string, TestOutcome>{
            {"Load.A", TestOutcome::passed},
            {"Say.It", say}});
    p.mode_runs.append(p, environment, states);
    return round_work(port());
  };
  RoundWork work = round_work(port());
  ASSERT_EQ(work.modes.size(), 4u) << "two modes, in two environments";
  EXPECT_FALSE(work.done());
  EXPECT_TRUE(has(work.lines().at(0), "mode load (usual): its tests were not"));
  work = run("usual", TestOutcome::passed);
  EXPECT_EQ(work.modes.size(), 2u);
  work = run("narrow", TestOutcome::failed);
  ASSERT_EQ(work.modes.size(), 1u);
  EXPECT_EQ(work.modes[0], "mode say (narrow): its tests did not pass");
  work = run("narrow", TestOutcome::skipped);
  EXPECT_EQ(work.modes.size(), 1u) << "skipped is not passed";
  work = run("narrow", TestOutcome::passed);
  EXPECT_TRUE(work.done()) << work.lines().at(0);

  // A comment changes nothing; other code, other surroundings, an edit do.
  fake.replace("src/math.cpp", "// exact", "// quite exact");
  EXPECT_TRUE(round_work(port()).modes.empty());
  fake.replace("port/fake/reference.toml", "= \"3\"", "= \"2\"");
  EXPECT_EQ(round_work(port()).modes.size(), 2u);
  fake.replace("port/fake/reference.toml", "= \"2\"", "= \"3\"");
  fake.replace("src/math.cpp", "2 * x", "x + x");
  EXPECT_EQ(round_work(port()).modes.size(), 4u);
  EXPECT_TRUE(has(round_work(port()).modes[0], "changed since they passed"));
  fake.replace("port/fake/modes.jsonl", "\"pass\":false", "\"pass\":true");
  EXPECT_FALSE(round_work(port()).damage.empty());
}

TEST_F(ReviewTest, AnEnvironmentOfModesMustBeThere) {
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[round.1]\nmodes = [\"avx9\"]\n\n[environment]");
  EXPECT_TRUE(has(message([&] { open(); }), "`modes` names avx9"));
}

// --- bundles -----------------------------------------------------------------

class BundleTest : public ReviewTest {
 protected:
  BundleTest() {
    open();
  }

  /// Exports with the first seed that plants a defect, or plants none.
  void export_pages(bool planted, const std::string& reader = "r1") {
    for (int seed = 0; seed < 100; ++seed) {
      fs::remove_all(fake.path("out"));
      fs::remove_all(fake.path("state"));
      fake.write("port/fake/readings.jsonl", before_);
      Port p = port();
      ExportOptions options;
      options.reader = reader;
      options.out = fake.path("out");
      options.seed = std::to_string(seed);
      bundle_ = export_bundle(p, work(), options);
      secret_ =
          mlxaudio::read_json(fake.path("state/" + bundle_.bundle + ".json"));
      if (secret_["planted"].empty() != planted) {
        return;
      }
    }
    FAIL() << "no seed plants a defect";
  }

  /// Fills in a page as if nothing were wrong with it.
  void answer(const std::string& name, const std::function<void(Json&)>& edit) {
    const Reading form = Reading::load(fake.path("out/" + name), true);
    Json r = reading(form.component);
    r.erase("fingerprint");
    r["page"] = form.page;
    edit(r);
    std::string toml;
    for (const auto& [key, value] : r.items()) {
      if (!value.is_array()) {
        toml += key + " = " + value.dump() + "\n";
      }
    }
    for (const auto& [key, value] : r.items()) {
      for (const Json& entry : value.is_array() ? value : Json::array()) {
        toml += "[[" + key + "]]\n";
        for (const auto& [k, v] : entry.items()) {
          toml += k + " = " + v.dump() + "\n";
        }
      }
    }
    fake.write("out/" + name, toml);
  }
  void answer_all(const std::function<void(Json&)>& edit = [](Json&) {}) {
    answer("001.toml", edit);
    answer("002.toml", edit);
  }

  std::map<std::string, Imported> take_back() {
    Port p = port();
    std::map<std::string, Imported> out;
    for (const ImportedPage& page :
         import_bundle(p, work(), fake.path("out"))) {
      out[page.component] = page.outcome;
    }
    return out;
  }

  std::string before_;
  Exported bundle_;
  Json secret_;
};

TEST_F(BundleTest, ABundleComesBackSigned) {
  export_pages(false);
  EXPECT_EQ(bundle_.pages, 2u);
  answer_all();
  EXPECT_EQ(take_back().at(kDouble), Imported::signed_right);
  EXPECT_TRUE(read(kDouble, 1) && read(kCounter, 1));
  EXPECT_TRUE(has(message([&] { take_back(); }), "it was imported already"));
}

TEST_F(BundleTest, PagesAreChosenByPattern) {
  Port p = port();
  ExportOptions options;
  options.reader = "r1";
  options.out = fake.path("out");
  options.components = {"*.nothing", kCounter};
  EXPECT_EQ(export_bundle(p, work(), options).pages, 1u);
  EXPECT_TRUE(has(fake.read("out/001.txt"), kCounter));
  options.out = fake.path("none");
  options.components = {"*.nothing"};
  EXPECT_TRUE(
      has(message([&] { export_bundle(p, work(), options); }), "nothing left"));
}

TEST_F(BundleTest, APlantedDefectShowsOnThePageAndNowhereElse) {
  export_pages(true);
  const Mutant m = Mutant::of(secret_["planted"][0]["defect"]);
  const std::string page =
      fake.read(m.component == kDouble ? "out/001.html" : "out/002.html");
  const std::string source = fake.read(m.file);
  EXPECT_TRUE(has(source, m.code)) << "the checkout is as it was";
  EXPECT_FALSE(
      has(fake.read(m.component == kDouble ? "out/001.txt" : "out/002.txt"),
          m.code));
  EXPECT_FALSE(has(page, "<td>" + m.code + "</td>"));
  for (const char* name :
       {"out/001.html",
        "out/002.html",
        "out/001.txt",
        "out/002.txt",
        "out/001.toml",
        "out/bundle.json"}) {
    EXPECT_FALSE(has(fake.read(name), m.op + "-")) << name;
    EXPECT_FALSE(has(fake.read(name), secret_["seed"].dump())) << name;
  }
  EXPECT_FALSE(has(fake.read("port/fake/readings.jsonl"), "\"seed\""))
      << "it is revealed only when the bundle is back";
  EXPECT_TRUE(has(fake.read("port/fake/readings.jsonl"), bundle_.commitment));
}

TEST_F(BundleTest, ADefectIsPlantedInHelpersThatDoWorkOnly) {
  fake.replace(
      "src/math.cpp",
      "float twice(float x) {\n  return 2 * x; // exact\n}\n"
      "void Counter::add() {\n  ++count;",
      "namespace {\nconstexpr int kStep = 1;\n"
      "int step_of(int n) { return n + kStep; }\n"
      "float unused(float n) { return n + 3; }\n}\n"
      "float twice(float unused) {\n  return 2 * unused;\n}\n"
      "void Counter::add() {\n  count = step_of(count);");
  std::set<int> lines;
  for (int seed = 0; seed < 200; ++seed) {
    fs::remove_all(fake.path("out"));
    fake.write("port/fake/readings.jsonl", before_);
    Port p = port();
    ExportOptions options;
    options.reader = "r1";
    options.out = fake.path("out");
    options.seed = std::to_string(seed);
    const Exported e = export_bundle(p, work(), options);
    const Json secret =
        mlxaudio::read_json(fake.path("state/" + e.bundle + ".json"));
    for (const Json& planted : secret["planted"]) {
      lines.insert(Mutant::of(planted["defect"]).line);
    }
  }
  EXPECT_TRUE(lines.contains(4)) << "step_of";
  EXPECT_TRUE(lines.contains(8)) << "twice";
  EXPECT_FALSE(lines.contains(5)) << "a helper with the name of a parameter";
}

TEST_F(BundleTest, WhoSignsAPlantedDefectLosesSignatures) {
  EXPECT_EQ(sign(reading(kDouble)), "");
  EXPECT_EQ(sign(reading(kCounter)), "");
  before_ = fake.read("port/fake/readings.jsonl");
  // Both must be read again.
  fake.replace("src/math.cpp", "2 * x", "x * 2");
  fake.replace("src/math.cpp", "++count", "count++");
  export_pages(true);
  const Mutant m = Mutant::of(secret_["planted"][0]["defect"]);
  answer_all();
  EXPECT_EQ(take_back().at(m.component), Imported::missed);
  const ReaderRecord r = port().readings.readers().front();
  EXPECT_EQ(r.planted, 1);
  EXPECT_EQ(r.caught, 0);
  EXPECT_GE(r.lost, 2);
  EXPECT_FALSE(read(m.component, 1));
  EXPECT_TRUE(port().readings.damage().empty()) << port().readings.damage()[0];
  EXPECT_TRUE(has(document({port().section()}), "| 0 of 1 |"));
}

TEST_F(BundleTest, AFindingAtItsPlaceCatchesIt) {
  export_pages(true);
  const Mutant m = Mutant::of(secret_["planted"][0]["defect"]);
  const std::string at = m.file + ":" + std::to_string(m.line);
  answer_all([&](Json& r) {
    if (r["component"] == m.component) {
      r["verdict"] = "wrong";
      r["finding"] = {{{"what", "not what the reference does"}, {"at", at}}};
    }
  });
  const auto outcomes = take_back();
  EXPECT_EQ(outcomes.at(m.component), Imported::caught);
  EXPECT_EQ(port().readings.readers().front().caught, 1);
  EXPECT_EQ(port().readings.readers().front().lost, 0);
  EXPECT_EQ(port().followups.blockers(), 0) << "nothing is wrong with the port";
  EXPECT_FALSE(read(m.component, 1)) << "its true page was not read yet";
}

TEST_F(BundleTest, AFindingElsewhereDoesNot) {
  export_pages(true);
  const Mutant m = Mutant::of(secret_["planted"][0]["defect"]);
  answer_all([&](Json& r) {
    if (r["component"] == m.component) {
      r["verdict"] = "wrong";
      r["finding"] = {{{"what", "hm"}, {"at", "src/math.h:1"}}};
    }
  });
  EXPECT_EQ(take_back().at(m.component), Imported::elsewhere);
  EXPECT_EQ(port().readings.readers().front().lost, 0);
}

TEST_F(BundleTest, WhatIsNotInOrderRevealsNothing) {
  export_pages(true);
  const std::string records = fake.read("port/fake/readings.jsonl");
  answer_all();
  answer("001.toml", [](Json& r) { r["statement"].erase(0); });
  EXPECT_TRUE(has(message([&] { take_back(); }), "001.toml cannot be signed"));
  answer("001.toml", [](Json& r) { r["page"] = "other"; });
  EXPECT_TRUE(has(message([&] { take_back(); }), "is not a reading of page"));
  answer("001.toml", [](Json&) {});
  fs::rename(fake.path("state"), fake.path("elsewhere"));
  EXPECT_TRUE(has(message([&] { take_back(); }), "PORTPROOF_STATE"));
  fs::rename(fake.path("elsewhere"), fake.path("state"));
  fake.replace(
      "state/" + bundle_.bundle + ".json",
      "\"seed\": ",
      "\"seed\": \"x\", \"other\": ");
  EXPECT_TRUE(has(message([&] { take_back(); }), "not what was committed to"));
  fs::remove(fake.path("out/bundle.json"));
  EXPECT_TRUE(has(message([&] { take_back(); }), "is no bundle of"));
  EXPECT_EQ(fake.read("port/fake/readings.jsonl"), records);
}

TEST_F(BundleTest, WhatIsNotAnsweredOrChangedSinceIsReadAgain) {
  export_pages(false);
  answer("001.toml", [](Json&) {});
  fake.replace("src/math.cpp", "2 * x", "x * 2");
  const auto outcomes = take_back();
  EXPECT_EQ(outcomes.at(kDouble), Imported::stale);
  EXPECT_EQ(outcomes.at(kCounter), Imported::unanswered);
  EXPECT_FALSE(read(kDouble, 1) || read(kCounter, 1));
}

TEST_F(BundleTest, AFolderThatIsThereIsLeftAlone) {
  fake.write("out/notes", "mine");
  Port p = port();
  ExportOptions options;
  options.reader = "r1";
  options.out = fake.path("out");
  EXPECT_TRUE(
      has(message([&] { export_bundle(p, work(), options); }),
          "is there already"));
}

} // namespace
} // namespace portproof
