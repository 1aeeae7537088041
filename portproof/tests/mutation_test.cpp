// SPDX-License-Identifier: MIT
// The whole way of a planted defect, on a port in plain C++ that is compiled.

#include "portproof/mutation_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "mlxaudio/error.h"
#include "portproof/benign_run.h"
#include "portproof/mutation_report.h"
#include "portproof/rewrites.h"
#include "portproof/stamp.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using test::FakeProject;
using Outcome = MutantResult::Outcome;

constexpr const char* kSource = R"(#include "math.h"

float twice(float x) {
  if (x > 1000) {
    return x + x + 1;
  }
  const float sum = x + x;
  return sum + 0;
}

void Counter::add() {
  for (int i = 0; i < 4; ++i) {
    count += 1;
  }
}
)";

// A program of probes as the protocol wants it, in plain C++.
constexpr const char* kProgram = R"cpp(
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <src/math.h>
  std::string_view portproof_stamp();
  int main(int argc, char** argv) {
    if (argc == 2) {
      std::printf(
          "{\"protocol\": 1, \"components\": [\"fake.math.double\", "
          "\"fake.math.Counter\"], \"stamp\": %s}\n",
          std::string(portproof_stamp()).c_str());
      return 0;
    }
    double y = 0;
    if (std::strcmp(argv[2], "fake.math.double") == 0) {
      y = twice(2);
    } else {
      Counter counter;
      counter.add();
      y = counter.count;
    }
    std::FILE* out =
        std::fopen((std::string(argv[3]) + "/response.json").c_str(), "w");
    std::fprintf(
        out,
        "{\"calls\": [{\"id\": \"two\", \"result\": {\"y\": %.1f}}]}",
        y);
    std::fclose(out);
  }
)cpp";

constexpr const char* kBuild = R"sh(set -e
"$1" --root "$2" stamp fake --out "$3/stamp.cpp"
"$4" -std=c++20 -w -I "$2" -o "$3/probes.sh" "$2/src/math.cpp" \
  "$2/port/fake/main/main.cpp" "$3/stamp.cpp"
)sh";

/// A project whose port is compiled by `[port] build`.
class Planted : public testing::Test {
 protected:
  Planted() {
    fake.write("src/math.cpp", kSource);
    fake.write("port/fake/main/main.cpp", kProgram);
    fake.write("port/fake/build.sh", kBuild);
    fake.replace(
        "port/fake/reference.toml",
        "executable = \"probes.sh\"",
        "executable = \"probes.sh\"\nbuild = [\"sh\", "
        "\"{root}/port/fake/build.sh\", \"" PORTPROOF_PROGRAM
        "\", \"{root}\", \"{build}\", \"" PORTPROOF_CXX "\"]");
  }

  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(PORTPROOF_PROGRAM)) << PORTPROOF_PROGRAM
        " is not built; in a build with sanitizers it is "
        "that of build/ci";
  }

  Port port() const {
    return Port(Project{fake.root()}, "fake", fake.root() / "build");
  }
  MutationRun run(Port& port, int time_limit = 20) const {
    return {port, fake.root() / "build", {}, {}, time_limit};
  }
  /// A mutant of the source by its text; the line must be the only one.
  static Mutant mutant(
      const Port& port,
      const std::string& component,
      const std::string& before,
      const std::string& after) {
    for (Mutant& m : source_mutants(port, *port.inventory.find(component))) {
      if (m.before == before && m.after == after) {
        return m;
      }
    }
    throw std::runtime_error("no such mutant");
  }

  MutationList list() const {
    return MutationList(fake.path("port/fake/mutants.jsonl"));
  }
  MutationResults results() const {
    return MutationResults(fake.path("port/fake/mutation-results.jsonl"));
  }

  FakeProject fake;
};

TEST_F(Planted, ADefectIsCaughtAndItsComponentNamed) {
  Port port = this->port();
  MutationRun run = this->run(port);
  const MutantResult r = run.judge(mutant(port, "fake.math.Counter", "0", "1"));
  EXPECT_EQ(r.outcome, Outcome::caught) << r.why;
  EXPECT_TRUE(r.named);
  EXPECT_EQ(r.first, "fake.math.Counter");
  EXPECT_NE(r.why.find("expected 4.0, got 3.0"), std::string::npos) << r.why;
  EXPECT_EQ(fake.read("src/math.cpp"), kSource) << "the project was changed";
}

TEST_F(Planted, WhatIsRedWithoutADefectProvesNothing) {
  fake.replace("src/math.cpp", "i < 4", "i < 5");
  Port port = this->port();
  MutationRun run = this->run(port);
  try {
    run.judge(mutant(port, "fake.math.Counter", "0", "1"));
    run.judge(mutant(port, "fake.math.Counter", "+=", "-="));
    FAIL() << "judged";
  } catch (const ConfigError& e) {
    const std::string what = e.what();
    EXPECT_NE(what.find("Counter is red without"), std::string::npos) << what;
  }
}

TEST_F(Planted, ADefectWhereNoCallGoesIsMissed) {
  Port port = this->port();
  MutationRun run = this->run(port);
  const MutantResult r = run.judge(mutant(port, "fake.math.double", ">", ">="));
  EXPECT_EQ(r.outcome, Outcome::missed) << r.why;
  EXPECT_FALSE(r.named);
}

TEST_F(Planted, WhatDoesNotBuildIsNoMutant) {
  Port port = this->port();
  MutationRun run = this->run(port);
  Mutant m = mutant(port, "fake.math.double", ">", ">=");
  m.after = "> nothing_of_that_name +";
  const MutantResult r = run.judge(m);
  EXPECT_EQ(r.outcome, Outcome::invalid);
  // The record is read elsewhere: the file is told from the project's root.
  EXPECT_TRUE(r.why.starts_with("src/math.cpp:")) << r.why;
  EXPECT_NE(r.why.find("nothing_of_that_name"), std::string::npos) << r.why;
  // The next one is built from what the project has.
  EXPECT_EQ(
      run.judge(mutant(port, "fake.math.Counter", "0", "1")).outcome,
      Outcome::caught);
}

TEST_F(Planted, ADefectThatHangsIsCaught) {
  Port port = this->port();
  MutationRun run = this->run(port, 1);
  Mutant m = mutant(port, "fake.math.Counter", "0", "1");
  m.after = "0; true";
  m.before = "0; i < 4";
  const MutantResult r = run.judge(m);
  EXPECT_EQ(r.outcome, Outcome::caught);
  EXPECT_NE(r.why.find("did not end within 1 s"), std::string::npos) << r.why;
}

TEST_F(Planted, ADefectThatOnlyAnotherComponentShowsIsNotNamed) {
  Port port = this->port();
  MutationRun run = this->run(port);
  Mutant m = mutant(port, "fake.math.Counter", "0", "1");
  m.component = "fake.math.double";
  const MutantResult r = run.judge(m);
  EXPECT_EQ(r.outcome, Outcome::caught);
  EXPECT_FALSE(r.named);
  EXPECT_EQ(r.first, "fake.math.Counter");
}

TEST_F(Planted, TheDrawIsTheSameForASeedAndSpread) {
  const Port port = this->port();
  {
    MutationList list = this->list();
    EXPECT_EQ(list.draw(port, 7, 6, results()), 6);
  }
  const std::string first = fake.read("port/fake/mutants.jsonl");
  const MutationList list = this->list();
  std::set<std::string> kinds;
  std::set<std::string> components;
  for (const MutationList::Entry& e : list.entries()) {
    kinds.insert(e.mutant.op);
    components.insert(e.mutant.component);
  }
  EXPECT_EQ(kinds.size(), 6u);
  EXPECT_EQ(components.size(), 2u);
  fs::remove(fake.path("port/fake/mutants.jsonl"));
  MutationList again = this->list();
  again.draw(port, 7, 6, results());
  EXPECT_EQ(fake.read("port/fake/mutants.jsonl"), first);
  EXPECT_THROW(again.draw(port, 8, 7, results()), ConfigError);
}

TEST_F(Planted, OthersAreDrawnForWhatDoesNotBuildOrWasTakenOut) {
  const Port port = this->port();
  MutationList list = this->list();
  list.draw(port, 7, 4, results());
  MutationResults results = this->results();
  MutantResult r;
  r.id = list.entries().front().mutant.id;
  r.outcome = Outcome::invalid;
  results.add(r);
  EXPECT_EQ(list.draw(port, 7, 4, results), 1);
  const std::string id = list.entries().back().mutant.id;
  EXPECT_THROW(list.remove(id, "", "a test"), ConfigError);
  EXPECT_THROW(list.remove(id, "equivalent", ""), ConfigError);
  EXPECT_THROW(list.remove("none", "equivalent", "a test"), ConfigError);
  list.remove(id, "equivalent", "a test");
  EXPECT_EQ(list.find(id)->removed, "equivalent");
  EXPECT_EQ(list.draw(port, 7, 4, results), 1);
  EXPECT_EQ(this->list().entries().size(), 6u);
}

TEST_F(Planted, OthersAreDrawnForThoseWhoseCodeIsGone) {
  {
    MutationList list = this->list();
    list.draw(port(), 7, 1000, results());
  }
  const Port before = port();
  const MutationList all = list();
  const auto is_there = [](const Port& port) {
    return [&port](const Mutant& m) { return has_place(m, port); };
  };
  const auto any_state = [](const Mutant&) { return std::string(); };
  EXPECT_TRUE(
      MutationReport(all, results(), any_state, is_there(before)).lost.empty());
  fake.replace("src/math.cpp", "x > 1000", "x > 2000");
  const Port edited = port();
  const MutationReport report(all, results(), any_state, is_there(edited));
  ASSERT_FALSE(report.lost.empty());
  const std::string id = report.lost.front()->mutant.id;
  EXPECT_NE(report.short_of().find(id), std::string::npos) << report.short_of();
  MutationList list = this->list();
  // As many new ones as were lost: those of the line as it is now.
  EXPECT_EQ(
      list.draw(edited, 7, 1000, results()),
      static_cast<int>(report.lost.size()));
  EXPECT_NE(list.find(id)->removed, "");
  EXPECT_TRUE(MutationReport(list, results(), any_state, is_there(edited))
                  .lost.empty());
}

TEST_F(Planted, OneThatWasTakenOutWronglyIsPutBack) {
  MutationList list = this->list();
  list.draw(port(), 7, 2, results());
  const std::string id = list.entries().front().mutant.id;
  EXPECT_THROW(list.restore(id, "not equivalent"), ConfigError);
  list.remove(id, "equivalent", "a test");
  EXPECT_THROW(list.restore(id, ""), ConfigError);
  list.restore(id, "not equivalent");
  const MutationList again = this->list();
  EXPECT_EQ(again.find(id)->removed, "");
  EXPECT_EQ(again.find(id)->restored, "not equivalent");
  const MutationReport report(
      again,
      results(),
      [](const Mutant&) { return std::string(); },
      [](const Mutant&) { return true; });
  EXPECT_NE(
      markdown(report, again, results()).find("| not equivalent |"),
      std::string::npos);
}

TEST_F(Planted, AListThatWasEditedIsRefused) {
  const Port port = this->port();
  list().draw(port, 7, 4, results());
  const std::string whole = fake.read("port/fake/mutants.jsonl");
  const auto message = [&] {
    try {
      list();
    } catch (const ConfigError& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  // A hard one struck from the list.
  const std::size_t line = whole.find('\n') + 1;
  fake.write(
      "port/fake/mutants.jsonl",
      whole.substr(0, line) + whole.substr(whole.find('\n', line) + 1));
  EXPECT_NE(message().find("lacks its mutant number 2"), std::string::npos)
      << message();
  // One made easier.
  fake.write("port/fake/mutants.jsonl", whole);
  fake.replace("port/fake/mutants.jsonl", "\"op\":\"", "\"op\":\"x");
  EXPECT_NE(message().find("edited"), std::string::npos) << message();
}

TEST_F(Planted, ResultsOutliveAKill) {
  Port port = this->port();
  MutationList list = this->list();
  list.draw(port, 7, 3, results());
  MutationRun run = this->run(port);
  {
    MutationResults results = this->results();
    results.add(run.judge(list.entries()[0].mutant));
  }
  {
    std::ofstream file(
        fake.path("port/fake/mutation-results.jsonl"),
        std::ios::app);
    file << "{\"id\":\"" << list.entries()[1].mutant.id;
  }
  MutationResults results = this->results();
  EXPECT_NE(results.last(list.entries()[0].mutant.id), nullptr);
  EXPECT_EQ(results.last(list.entries()[1].mutant.id), nullptr);
  EXPECT_TRUE(results.damage().empty());
  results.add(run.judge(list.entries()[1].mutant));
  EXPECT_NE(this->results().last(list.entries()[1].mutant.id), nullptr);
}

TEST_F(Planted, AResultIsOfTheCodeAsItWas) {
  Port port = this->port();
  const MutationRun run = this->run(port);
  const Mutant m = mutant(port, "fake.math.double", ">", ">=");
  const std::string before = run.state_of(m);
  fake.replace("src/math.cpp", "x > 1000", "x > 1000 /* never */");
  Port same = this->port();
  EXPECT_EQ(this->run(same).state_of(m), before);
  fake.replace("src/math.cpp", "x > 1000", "x > 2000");
  Port edited = this->port();
  EXPECT_NE(this->run(edited).state_of(m), before);
}

TEST_F(Planted, RewritesStayGreenAndExpireNothingThatOnlyLooksOtherwise) {
  Port port = this->port();
  MutationRun run = this->run(port);
  const BenignResult result = run_benign(run, port, 3, 6);
  EXPECT_EQ(result.green.size(), 6u);
  EXPECT_TRUE(result.red.empty());
  EXPECT_TRUE(result.expired.empty());
  std::set<std::string> kinds;
  for (const Mutant& m : result.green) {
    kinds.insert(m.op);
  }
  EXPECT_GE(kinds.size(), 4u);
}

TEST_F(Planted, ARewriteThatChangesSomethingIsFoundAmongTheOthers) {
  Port port = this->port();
  MutationRun run = this->run(port);
  std::vector<Mutant> all;
  for (const char* name : {"fake.math.double", "fake.math.Counter"}) {
    const auto some = rewrites(port, *port.inventory.find(name));
    ASSERT_FALSE(some.empty());
    all.push_back(some.front());
  }
  all.push_back(mutant(port, "fake.math.Counter", "0", "1"));
  EXPECT_EQ(run.build(all), "");
  const auto red = run.red_of_build();
  ASSERT_EQ(red.size(), 1u);
  EXPECT_EQ(red[0].first, "fake.math.Counter");
}

TEST_F(Planted, WithoutAWayToBuildItSaysWhatIsMissing) {
  fake.replace("port/fake/reference.toml", "build = [", "# build = [");
  Port port = this->port();
  MutationRun run = this->run(port);
  try {
    run.judge(mutant(port, "fake.math.double", ">", ">="));
    FAIL() << "built from nothing";
  } catch (const ConfigError& e) {
    const std::string what = e.what();
    EXPECT_NE(what.find("[port] `build`"), std::string::npos) << what;
    EXPECT_NE(what.find("reference.toml"), std::string::npos) << what;
  }
}

TEST_F(Planted, TheReportCountsByKindAndComponentAndListsTheMisses) {
  Port port = this->port();
  MutationList list = this->list();
  list.draw(port, 7, 4, results());
  MutationResults results = this->results();
  const auto& entries = list.entries();
  const auto add = [&](std::size_t i, Outcome outcome, bool named) {
    MutantResult r;
    r.id = entries[i].mutant.id;
    r.outcome = outcome;
    r.named = named;
    r.first = outcome == Outcome::caught ? "fake.math.Counter" : "";
    r.state = i == 0 ? "old" : "new";
    results.add(r);
  };
  const auto state = [](const Mutant&) { return std::string("new"); };
  const auto there = [](const Mutant&) { return true; };
  add(0, Outcome::caught, true);
  add(1, Outcome::caught, false);
  add(2, Outcome::missed, false);
  const MutationReport some(list, results, state, there);
  EXPECT_NE(some.short_of().find("1 mutants are not run"), std::string::npos);
  add(3, Outcome::invalid, false);
  const MutationReport report(list, results, state, there);
  EXPECT_EQ(report.all.planted, 3);
  EXPECT_EQ(report.all.caught, 2);
  EXPECT_EQ(report.all.named, 1);
  EXPECT_EQ(report.invalid, 1);
  EXPECT_EQ(report.earlier, 1);
  ASSERT_EQ(report.missed.size(), 1u);
  EXPECT_NE(report.short_of().find("66.7 % were caught"), std::string::npos)
      << report.short_of();
  const std::string text = markdown(report, list, results);
  EXPECT_NE(text.find("2 caught (66.7 %)"), std::string::npos) << text;
  EXPECT_NE(text.find(entries[2].mutant.id), std::string::npos) << text;
  const auto json = to_json(report, list, results);
  EXPECT_EQ(json.at("missed").size(), 1u);
  EXPECT_EQ(json.at("all").at("caught"), 2);
}

TEST(MutationReport, GoesIntoItsPlaceInADocument) {
  const std::string text = "a\n<!-- x -->\nold\n<!-- end x -->\nb\n";
  const std::string now = with_section(text, "x", "new\n");
  EXPECT_EQ(now, "a\n<!-- x -->\n\nnew\n\n<!-- end x -->\nb\n");
  EXPECT_EQ(with_section(now, "x", "new\n"), now);
  EXPECT_THROW(with_section("nothing", "x", "new"), ConfigError);
}

} // namespace
} // namespace portproof
