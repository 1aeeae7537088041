// SPDX-License-Identifier: MIT
#include "portproof/gate.h"

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "mlxaudio/error.h"
#include "portproof/modes.h"
#include "portproof/round_work.h"
#include "portproof/tests/project.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;

/// The small project, verified, that asks for no round.
class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    fake.replace(
        "port/fake/reference.toml",
        "[environment]",
        "[gate]\nrounds = 0\n\n[environment]");
    fake.replace(
        "port/fake/reference.toml",
        "reason = \"nobody calls it\"",
        "reason = \"nobody calls it\"\nreached = false");
    fake.record({{"y", {{"$near", 4.0}}}});
    answer("4.0");
    Port p = port();
    VerifyOptions options;
    options.command = {fake.program().string()};
    verify(p, options);
    write_document();
  }

  void answer(const std::string& y) const {
    fake.build(R"(y=4.0; if [ "$1" = fake.math.double ]; then y=)" + y + R"(; fi
echo '{"calls": [{"id": "two", "result": {"y": '$y'}}]}' > "$2/response.json")");
  }
  Port port() const {
    return Port(Project{fake.root()}, "fake", fake.root() / "build");
  }
  void write_document() const {
    const Progress all = Progress::of({fake.root()}, fake.root() / "build");
    mlxaudio::write_file(
        Project{fake.root()}.document(),
        document(all.sections()));
  }

  /// Names of the checks that are red, with their first detail.
  std::string red(bool environments = false) const {
    Progress all = Progress::of({fake.root()}, fake.root() / "build");
    std::vector<Check> checks = gate_checks(
        all.ports.front(),
        {},
        {.command = {fake.program().string()}, .environments = environments});
    checks.push_back(document_check({fake.root()}, all));
    std::string out;
    for (const Check& c : checks) {
      if (!c.ok) {
        out += c.name + ": " + (c.details.empty() ? "" : c.details[0]) + "\n";
      }
    }
    return out;
  }

  const FakeProject fake;
};

TEST_F(GateTest, IsGreenWhereNothingIsMissing) {
  EXPECT_EQ(red(), "");
}

TEST_F(GateTest, EvidenceAloneDoesNotCount) {
  answer("5.0");
  EXPECT_NE(
      red().find("recorded calls: fake.math.double: close: two.y: max "),
      std::string::npos)
      << red();
}

TEST_F(GateTest, AFigureThatDiffersFromItsEvidenceIsRed) {
  answer("4.001"); // within the tolerance
  const std::string found = red();
  EXPECT_NE(
      found.find("fake.math.double: close: max_abs is"),
      std::string::npos)
      << found;
  EXPECT_NE(found.find("0.0 in its evidence"), std::string::npos) << found;
}

TEST_F(GateTest, OtherEnvironmentsRunAgainWhereThatIsAskedFor) {
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[round.1]\nenvironments = { other = { FAKE_Y = \"4.001\" } }\n\n"
      "[environment]");
  answer("${FAKE_Y:-4.0}");
  Port p = port();
  verify(p, {.command = {fake.program().string()}});
  write_document();
  EXPECT_EQ(red(true), "");
  answer("$(test -z \"$FAKE_Y\" && echo 4.0 || echo 4.002)");
  EXPECT_EQ(red(), "");
  EXPECT_NE(
      red(true).find("fake.math.double: close (other): max_abs is"),
      std::string::npos)
      << red(true);
}

TEST_F(GateTest, OnAnotherMachineOnlyWhatIsExactMustBeTheSame) {
  answer("4.001");
  const std::string before = fake.read("describe.json");
  Json about = Json::parse(before);
  about["about"]["processor"] = "another";
  fake.write("describe.json", about.dump());
  EXPECT_EQ(red(), "");
}

TEST_F(GateTest, ExpiredEvidenceIsRed) {
  fake.replace("src/math.cpp", "2 * x", "x + x");
  answer("4.0");
  EXPECT_NE(
      red().find("its evidence does not hold: expired: src/math.cpp changed"),
      std::string::npos)
      << red();
}

TEST_F(GateTest, AnEditedRecordIsRed) {
  fake.replace("port/fake/evidence.jsonl", "\"calls\":1", "\"calls\":2");
  EXPECT_NE(
      red().find("records: evidence.jsonl, line 2: edited"),
      std::string::npos)
      << red();
}

TEST_F(GateTest, AnEditedDocumentIsRed) {
  fake.replace("porting-progress.md", "nobody calls it", "who calls it");
  EXPECT_EQ(
      red(),
      "progress document: porting-progress.md is not what the sources and the "
      "evidence give: run `portproof status`\n");
}

TEST_F(GateTest, ABlockerIsRedAndARemarkIsNot) {
  Port p = port();
  p.followups.add({.text = "a remark"});
  write_document();
  EXPECT_EQ(red(), "");
  p.followups.add({.text = "it is slow", .blocker = true});
  write_document();
  EXPECT_NE(red().find("follow-ups: "), std::string::npos);
  EXPECT_NE(red().find(": it is slow"), std::string::npos);
  EXPECT_NE(
      fake.read("porting-progress.md").find("- **blocker** "),
      std::string::npos);
}

TEST_F(GateTest, TooManyWaiversAreRed) {
  fake.replace("port/fake/reference.toml", "reached = false", "reached = true");
  write_document();
  EXPECT_EQ(red(), "waivers: more than a tenth was waived\n");
  EXPECT_EQ(
      count_waived(port().reference, port().inventory).text(),
      "1 of 3 functions that a run reaches, 0 of 0 options, constants and "
      "tables");
}

TEST_F(GateTest, BothDirectionsOfTheInventoryAreChecked) {
  fake.replace("src/math.h", "\\port fake.math.double", "\\port fake.gone");
  EXPECT_NE(
      red().find("inventory: `\\port fake.gone` in src/math.h names nothing"),
      std::string::npos)
      << red();
  fake.replace("src/math.h", "\\port fake.gone", "Twice.");
  EXPECT_NE(
      red().find("inventory: fake.math.double: no definition carries its tag"),
      std::string::npos)
      << red();
}

TEST_F(GateTest, RoundsThatAreAskedForMustBeClosedAndSigned) {
  fake.replace("port/fake/reference.toml", "rounds = 0", "rounds = 1");
  write_document();
  EXPECT_NE(red().find("rounds: round 1 is not closed"), std::string::npos);
  EXPECT_NE(
      red().find("signed readings: fake.math.double: not read"),
      std::string::npos)
      << red();
  Port p = port();
  p.rounds.open(p.reference, round_state(p));
  p.rounds.close(1, round_state(p));
  write_document();
  EXPECT_EQ(red().find("rounds:"), std::string::npos) << red();
  EXPECT_NE(red().find("signed readings:"), std::string::npos)
      << "closed by hand, without readings";
}

TEST_F(GateTest, ModesThatARoundAsksForMustHavePassed) {
  fake.replace(
      "port/fake/reference.toml",
      "[environment]",
      "[round.1]\nmodes = [\"usual\"]\n\n[[mode]]\nname = \"load\"\n"
      "kind = \"loading\"\ntests = [\"Load.*\"]\n[[mode]]\nname = \"say\"\n"
      "kind = \"inference\"\ntext = \"hello\"\ntests = [\"Say.*\"]\n\n"
      "[environment]");
  EXPECT_NE(red().find("modes: mode load (usual)"), std::string::npos) << red();
  Port p = port();
  p.mode_runs.append(
      p,
      "usual",
      check_modes(
          modes_of(p.reference),
          {"Load.A", "Say.It"},
          std::map<std::string, TestOutcome>{
              {"Load.A", TestOutcome::passed},
              {"Say.It", TestOutcome::passed}}));
  EXPECT_EQ(red(), "");
  p.rounds.open(p.reference, round_state(p));
  EXPECT_EQ(red().find("modes: "), std::string::npos) << red();
  fake.replace("src/math.cpp", "2 * x", "x + x");
  EXPECT_NE(red().find("changed since they passed"), std::string::npos);
  p.rounds.close(1, round_state(p));
  EXPECT_EQ(red().find("modes: "), std::string::npos)
      << "what they passed with is history: " << red();
  fake.replace("src/math.cpp", "x + x", "2 * x");
  fake.replace("port/fake/modes.jsonl", "\"passed\":1", "\"passed\":2");
  EXPECT_NE(red().find("records: "), std::string::npos) << red();
}

TEST_F(GateTest, AProgramThatIsNotThereIsRed) {
  std::filesystem::remove(fake.program());
  EXPECT_NE(
      red().find("recorded calls: [portproof] " + fake.program().string()),
      std::string::npos)
      << red();
}

} // namespace
} // namespace portproof
