// SPDX-License-Identifier: MIT
#include "portproof/modes.h"

#include <gtest/gtest.h>

#include "mlxaudio/error.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using test::FakeProject;
using test::message;
namespace fs = std::filesystem;

constexpr const char* kModes = R"(
[[mode]]
name = "load"
kind = "loading"
tests = ["Load.*"]

[[mode]]
name = "say it twice"
kind = "inference"
audio = "a.wav"
tests = ["Say.Twice", "Slow/Say*"]
)";

std::vector<Mode> modes(const FakeProject& fake) {
  return modes_of(Reference::load(Project{fake.root()}, "fake"));
}

FakeProject& with(FakeProject& fake, const std::string& more) {
  fake.write(
      "port/fake/reference.toml",
      fake.read("port/fake/reference.toml") + more);
  return fake;
}

std::vector<std::string> wrong(
    const std::vector<Mode>& list,
    const std::vector<std::string>& names,
    const std::optional<std::map<std::string, TestOutcome>>& outcomes = {}) {
  std::vector<std::string> out;
  for (const ModeState& s : check_modes(list, names, outcomes)) {
    out.push_back(s.wrong);
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(Modes, AModeWithoutATestIsRed) {
  FakeProject fake;
  const auto list = modes(with(fake, kModes));
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(
      wrong(list, {"Load.A", "Say.Twice", "Slow/Say/1"}),
      (Texts{"", ""}));
  EXPECT_EQ(
      wrong(list, {"Say.Twice", "Slow/Say/1"}),
      (Texts{"no test is called `Load.*`", ""}));
  EXPECT_EQ(
      wrong(list, {"Load.A", "Say.Twice"}),
      (Texts{"", "no test is called `Slow/Say*`"}))
      << "each pattern must find one";
}

TEST(Modes, TestsMustHavePassed) {
  FakeProject fake;
  const auto list = modes(with(fake, kModes));
  const Texts names = {"Load.A", "Say.Twice", "Slow/Say/1"};
  std::map<std::string, TestOutcome> outcomes = {
      {"Load.A", TestOutcome::passed},
      {"Say.Twice", TestOutcome::passed}};
  EXPECT_EQ(wrong(list, names, outcomes), (Texts{"", ""}));
  outcomes["Slow/Say/1"] = TestOutcome::failed;
  EXPECT_EQ(wrong(list, names, outcomes), (Texts{"", "Slow/Say/1 failed"}));
  outcomes.erase("Slow/Say/1");
  outcomes["Load.A"] = TestOutcome::skipped;
  EXPECT_EQ(
      wrong(list, names, outcomes),
      (Texts{"all its tests were skipped", ""}));
  outcomes.erase("Load.A");
  EXPECT_EQ(
      wrong(list, names, outcomes),
      (Texts{"none of its tests was run", ""}));
}

TEST(Modes, ReadsJUnitReports) {
  const auto outcomes = junit_outcomes(
      R"(<?xml version="1.0"?><testsuite name="x" tests="5">
<testcase name="a &gt; &quot;b&quot;" classname="c" time="1" status="run"/>
<testcase name="f" status="fail"><failure message="x > y">text</failure></testcase>
<testcase name="s" status="run"><skipped message=""/></testcase>
<testcase name="d" status="disabled"><skipped/></testcase>
<testcase classname="py.mod" name="e"><error>boom</error></testcase>
</testsuite>)",
      "r.xml");
  EXPECT_EQ(
      outcomes,
      (std::map<std::string, TestOutcome>{
          {"a > \"b\"", TestOutcome::passed},
          {"f", TestOutcome::failed},
          {"s", TestOutcome::skipped},
          {"d", TestOutcome::skipped},
          {"e", TestOutcome::failed}}));
  for (const char* bad : {"", "no xml", "<testcase name=\"cut"}) {
    EXPECT_NE(
        message([&] { junit_outcomes(bad, "r.xml"); }).find("r.xml"),
        std::string::npos)
        << bad;
  }
}

TEST(Modes, ReadsTheListOfTests) {
  EXPECT_EQ(
      registered_tests(R"({"tests": [{"name": "a"}, {"name": "b"}, 3]})", "x"),
      (Texts{"a", "b"}));
  for (const char* bad : {"", "[]", "{}", R"({"tests": 3})", "{\"tests\": ["}) {
    EXPECT_THROW(registered_tests(bad, "x"), mlxaudio::ConfigError) << bad;
  }
}

TEST(Modes, MistakesInReferenceTomlAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "there is no [[mode]]"},
      {"[[mode]]\nkind = \"loading\"\n", "lacks `name`"},
      {"[[mode]]\nname = \"a\"\nkind = \"x\"\n", "[[mode]] a: `kind`"},
      {"[[mode]]\nname = \"a\"\nkind = \"inference\"\n", "name the `audio`"},
      {"[[mode]]\nname = \"a\"\nkind = \"loading\"\n", "kind inference"},
      {"[[mode]]\nname = \"a\"\nkind = \"loading\"\ntests = [3]\n",
       "a list of names"},
      {"[[mode]]\nname = \"a\"\nkind = \"inference\"\ntext = "
       "\"x\"\ngenerates = \"../x.wav\"\n",
       "must be a path below"},
  };
  for (const auto& [toml, says] : cases) {
    FakeProject fake;
    const std::string said =
        message([&, &toml = toml] { modes(with(fake, "\n" + toml)); });
    EXPECT_NE(said.find(says), std::string::npos) << toml << said;
    EXPECT_NE(said.find("reference.toml"), std::string::npos);
  }
}

TEST(Modes, WhatAModeGeneratesMustBeSoundOfThisRun) {
  const FakeProject fake;
  const fs::path file = fake.path("out.wav");
  const auto start = fs::file_time_type::clock::now() - std::chrono::minutes(1);
  EXPECT_NE(
      generated_wrong(file, start).find("was not made"),
      std::string::npos);
  fake.write("out.wav", "text");
  EXPECT_NE(generated_wrong(file, start).find("is no WAV"), std::string::npos);
  const std::string header =
      "RIFF....WAVEfmt " + std::string(20, ' ') + "data....";
  fake.write("out.wav", header);
  EXPECT_NE(generated_wrong(file, start).find("no samples"), std::string::npos);
  fake.write("out.wav", header + "1234");
  EXPECT_EQ(generated_wrong(file, start), "");
  EXPECT_NE(
      generated_wrong(
          file,
          fs::file_time_type::clock::now() + std::chrono::minutes(1))
          .find("earlier run"),
      std::string::npos);
}

TEST(Modes, TheSkeletonHasATestForEachModeWithoutOne) {
  FakeProject fake;
  const auto states =
      check_modes(modes(with(fake, kModes)), {"Load.A"}, std::nullopt);
  const std::string text = test_skeleton("fake", states);
  EXPECT_EQ(text.find("Load"), std::string::npos);
  EXPECT_NE(text.find("TEST(Fake, SayItTwice)"), std::string::npos) << text;
  EXPECT_NE(text.find("static_assert"), std::string::npos);
  EXPECT_NE(text.find("on a.wav"), std::string::npos);
}

} // namespace
} // namespace portproof
