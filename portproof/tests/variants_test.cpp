// SPDX-License-Identifier: MIT
#include "portproof/variants.h"

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "mlxaudio/error.h"
#include "portproof/gate.h"
#include "portproof/next.h"
#include "portproof/port_parts.h"
#include "portproof/round_work.h"
#include "portproof/tests/project.h"
#include "portproof/variant_run.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;
using test::message;
using test::port_of;
using State = Result::State;

constexpr const char* kVariant = R"([[variant]]
name = "few bits"
environment = { FAKE_Y = "4.3" }
rests_on = ["src/bits.h"]

[[variant.covers]]
match = ["fake.math.double"]
calls = ["t*"]
max_abs = 0.5
rel_l2 = 0.1
why = "fewer bits"

[[variant.covers]]
match = ["fake.math.Counter"]
max_abs = 0.01
rel_l2 = 0.01
bits = "same"
why = "it has no products"

)";

/// The small project with a variant, in which the program of probes answers
/// what a variable says; verified, and asking for no round.
class VariantsTest : public ::testing::Test {
 protected:
  VariantsTest() {
    fake.write("src/bits.h", "#pragma once\nconstexpr int kBits = 8;\n");
    fake.replace(kToml, "[environment]", "[gate]\nrounds = 0\n\n[environment]");
    fake.replace(
        kToml,
        "reason = \"nobody calls it\"",
        "reason = \"nobody calls it\"\nreached = false");
    fake.record({{"y", {{"$near", 4.0}}}});
    answer("${FAKE_Y:-4.0}");
    Port p = port_of(fake);
    verify(p, {.command = command()});
    add(kVariant);
    answer("${FAKE_Y:-4.0}");
  }

  /// The program of probes anew, of the sources as they are.
  void answer(const std::string& y) const {
    fake.build(
        R"(y=4.0; if [ "$1" = fake.math.double ]; then y=)" + y +
        R"(; fi
echo '{"calls": [{"id": "two", "result": {"y": '$y'}}]}' > "$2/response.json")");
  }
  void add(const std::string& text) const {
    fake.replace(kToml, "[[waiver]]", text + "[[waiver]]");
  }
  void change(const std::string& from, const std::string& to) const {
    fake.replace(kToml, from, to);
  }
  std::vector<std::string> command() const {
    return {fake.program().string()};
  }

  /// Results of the variant by component.
  std::map<std::string, Result> run(
      const std::set<std::string>& features = {}) const {
    Port p = port_of(fake);
    std::map<std::string, Result> out;
    for (Result& r :
         verify_variants(p, {.command = command(), .features = features})) {
      out.emplace(r.component, std::move(r));
    }
    return out;
  }
  /// What stands against the row of a component; empty: nothing.
  std::string against(const std::string& component = kDouble) const {
    const Port p = port_of(fake);
    for (const VariantRow& row : variant_rows(p)) {
      if (row.component->name == component) {
        const VariantStanding s = standing_of(p, row);
        return s.holds ? "" : s.why;
      }
    }
    return "no row";
  }
  /// The gate's word on the variant, and its first detail.
  std::string gate(const std::set<std::string>& features = {}) const {
    Progress all = Progress::of({fake.root()}, fake.root() / "build");
    for (const Check& c : gate_checks(
             all.ports.front(),
             {},
             {.command = command(), .features = features})) {
      if (c.name.starts_with("variant")) {
        return (c.ok ? c.run ? "ok: " : "away: " : "red: ") + c.text + ": " +
               (c.details.empty() ? "" : c.details.front());
      }
    }
    return "no such check";
  }

  static constexpr const char* kToml = "port/fake/reference.toml";
  static constexpr const char* kEvidence = "port/fake/evidence.jsonl";
  static constexpr const char* kDouble = "fake.math.double";
  static constexpr const char* kCounter = "fake.math.Counter";
  const FakeProject fake;
};

bool tells(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(VariantsTest, RowsAreVerifiedByTheirOwnEvidence) {
  EXPECT_EQ(against(), "never run");
  const auto results = run();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results.at(kDouble).state, State::pass) << results.at(kDouble).why;
  EXPECT_EQ(results.at(kCounter).state, State::pass)
      << results.at(kCounter).why;
  EXPECT_EQ(against(), "");
  const Port p = port_of(fake);
  const Evidence* last = p.evidence.last_of_variant(kDouble, "few bits");
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->line.at("environment"), Json({{"FAKE_Y", "4.3"}}));
  const std::string text = document({p.section()});
  EXPECT_TRUE(tells(text, "### Variants: 2 of 2 rows verified")) << text;
  EXPECT_TRUE(tells(
      text,
      "| `fake.math.double` | few bits | 0.3 abs | 0.5 abs | ✅ | 1 call, other "
      "bits than the ordinary run in 1; fewer bits |"))
      << text;
  EXPECT_TRUE(
      tells(text, "| `fake.math.Counter` | few bits | equal | 0.01 | ✅"))
      << text;
  // The same again adds nothing.
  const std::string before = fake.read(kEvidence);
  run();
  EXPECT_EQ(fake.read(kEvidence), before);
}

TEST_F(VariantsTest, LeaveOrdinaryEvidenceAsItIs) {
  const auto print = [&] {
    const Port p = port_of(fake);
    const Component& c = *p.inventory.find(kDouble);
    EXPECT_TRUE(p.standing(c).holds);
    return p.fingerprint(c, *p.golden(c)) + reading_fingerprint(p, c);
  };
  const std::string with = print();
  run();
  EXPECT_EQ(print(), with) << "its last evidence is not that of a variant";
  change(kVariant, "");
  EXPECT_EQ(print(), with);
  EXPECT_FALSE(tells(document({port_of(fake).section()}), "Variants"));
}

TEST_F(VariantsTest, AProbeThatIgnoresTheEnvironmentIsCaught) {
  answer("4.0");
  const Result r = run().at(kDouble);
  EXPECT_EQ(r.state, State::fail);
  EXPECT_TRUE(tells(r.why, "has the bits of the ordinary run")) << r.why;
  EXPECT_TRUE(tells(r.why, "FAKE_Y=4.3")) << r.why;
  EXPECT_EQ(against(), "failed");
  EXPECT_TRUE(tells(gate(), "red: ")) << gate();
  change("rel_l2 = 0.1\n", "rel_l2 = 0.1\nbits = \"any\"\n");
  EXPECT_EQ(run().at(kDouble).state, State::pass);
}

TEST_F(VariantsTest, WhatItLeavesAloneMustHaveTheSameBits) {
  change("rel_l2 = 0.1\n", "rel_l2 = 0.1\nbits = \"same\"\n");
  const Result r = run().at(kDouble);
  EXPECT_EQ(r.state, State::fail) << "within the tolerance, yet not the same";
  EXPECT_TRUE(tells(r.why, "1 of 1 answers, two the first")) << r.why;
  EXPECT_EQ(against(), "failed");
}

TEST_F(VariantsTest, ErrorsBeyondTheToleranceFail) {
  change("FAKE_Y = \"4.3\"", "FAKE_Y = \"4.6\"");
  const Result r = run().at(kDouble);
  EXPECT_EQ(r.state, State::fail);
  EXPECT_TRUE(tells(r.why, "close (few bits): two.y")) << r.why;
  EXPECT_TRUE(tells(document({port_of(fake).section()}), "1 of 2 rows"));
}

TEST_F(VariantsTest, RowsExpireWithAllThatTheyRestOn) {
  run();
  const std::string toml = fake.read(kToml);
  const auto after = [&](const std::string& from, const std::string& to) {
    change(from, to);
    std::string why = against();
    fake.write(kToml, toml);
    return why;
  };
  EXPECT_EQ(after("\"4.3\"", "\"4.2\""), "expired: environment changed");
  for (const auto& [from, to] :
       {std::pair("rel_l2 = 0.1\n", "rel_l2 = 0.2\n"),
        std::pair("rel_l2 = 0.1\n", "rel_l2 = 0.1\nbits = \"any\"\n"),
        std::pair("calls = [\"t*\"]", "calls = [\"tw*\"]"),
        std::pair("rests_on", "needs = [\"x\"]\nrests_on"),
        std::pair("mlx = \"1.0\"", "mlx = \"1.1\"")}) {
    EXPECT_EQ(
        after(from, to),
        "expired: tolerance, MLX or what the variant asks for changed")
        << to;
  }
  EXPECT_EQ(after("fewer bits", "fewer bits, said otherwise"), "");
  EXPECT_EQ(against(), "");
  fake.replace("src/bits.h", "8", "7");
  EXPECT_EQ(against(), "expired: src/bits.h changed");
  {
    const Port p = port_of(fake);
    EXPECT_TRUE(p.standing(*p.inventory.find(kDouble)).holds)
        << "the ordinary run does not rest on it";
  }
  EXPECT_EQ(run().at(kDouble).state, State::stale) << "it was built before";
  fake.replace("src/bits.h", "7", "8");
  fake.replace("src/math.cpp", "2 * x", "x + x");
  EXPECT_EQ(against(), "expired: src/math.cpp changed");
  fake.replace("src/math.cpp", "x + x", "2 * x");
  fake.replace("port/fake/probes/math.cpp", "twice(c", "twice(+c");
  EXPECT_EQ(against(), "expired: probe changed");
  fake.replace("port/fake/probes/math.cpp", "twice(+c", "twice(c");
  fake.record({{"y", {{"$near", 4.01}}}});
  EXPECT_EQ(against(), "expired: golden changed");
  fake.record({{"y", {{"$near", 4.0}}}});
  EXPECT_EQ(against(), "");
}

TEST_F(VariantsTest, AnEditedLineIsRefused) {
  run();
  fake.replace(kEvidence, "\"may_rel_l2\":0.1", "\"may_rel_l2\":0.9");
  const Port p = port_of(fake);
  EXPECT_FALSE(p.evidence.damage().empty());
  Progress all = Progress::of({fake.root()}, fake.root() / "build");
  const Check records =
      gate_checks(all.ports.front(), {}, {.command = command()}).front();
  EXPECT_EQ(records.name, "records");
  EXPECT_FALSE(records.ok);
}

TEST_F(VariantsTest, TheGateRunsThemAgain) {
  EXPECT_TRUE(tells(gate(), "red: ")) << gate();
  EXPECT_TRUE(tells(gate(), "its evidence does not hold: never run")) << gate();
  run();
  EXPECT_TRUE(
      tells(gate(), "ok: 2 calls of 2 components run again: the figures"))
      << gate();
  answer("$(test -z \"$FAKE_Y\" && echo 4.0 || echo 4.31)");
  EXPECT_TRUE(tells(gate(), "close (few bits): max_abs is")) << gate();
  answer("$(test -z \"$FAKE_Y\" && echo 4.0 || exit 3)");
  EXPECT_TRUE(tells(gate(), "red: ")) << gate();
  answer("4.0");
  EXPECT_TRUE(tells(gate(), "has the bits of the ordinary run")) << gate();
  std::filesystem::remove(fake.program());
  EXPECT_TRUE(tells(gate(), "red: ")) << gate();
}

TEST_F(VariantsTest, WhatAMachineLacksIsNotRunAndNeverGreenUnrun) {
  change("rests_on", "needs = [\"fast_bits\"]\nrests_on");
  const std::string before = fake.read(kEvidence);
  const Result r = run().at(kDouble);
  EXPECT_EQ(r.state, State::away);
  EXPECT_EQ(r.why, "NOT RUN HERE: this machine lacks fast_bits");
  EXPECT_EQ(fake.read(kEvidence), before);
  EXPECT_TRUE(tells(gate(), "red: NOT RUN HERE")) << gate();
  EXPECT_FALSE(tells(document({port_of(fake).section()}), "abs | ✅"));

  // Another machine has it; this one keeps that evidence while it holds.
  EXPECT_EQ(run({"fast_bits"}).at(kDouble).state, State::pass);
  EXPECT_TRUE(tells(gate({"fast_bits"}), "ok: ")) << gate({"fast_bits"});
  EXPECT_TRUE(tells(
      gate(),
      "away: NOT RUN HERE: this machine lacks fast_bits; the evidence of its 2 "
      "rows holds"))
      << gate();
  EXPECT_EQ(run().at(kDouble).state, State::away);
  EXPECT_EQ(against(), "") << "not running it takes nothing away";

  fake.replace("src/math.cpp", "2 * x", "x + x");
  answer("${FAKE_Y:-4.0}");
  EXPECT_TRUE(tells(gate(), "red: NOT RUN HERE")) << gate();
  EXPECT_TRUE(tells(gate(), "expired: src/math.cpp changed")) << gate();
  change("rests_on", "waits = \"the other machine is away\"\nrests_on");
  EXPECT_TRUE(tells(gate(), "away: NOT RUN HERE")) << gate();
  EXPECT_TRUE(tells(gate(), "not verified; they wait: the other machine"))
      << gate();
  EXPECT_FALSE(tells(document({port_of(fake).section()}), "abs | ✅"))
      << "what waits has no mark";
  EXPECT_TRUE(tells(gate({"fast_bits"}), "red: ")) << "there nothing may wait";
}

TEST_F(VariantsTest, TheProgramMayKnowOfMoreThanTheProcessor) {
  change("rests_on", "needs = [\"gpu\"]\nrests_on");
  Json about = Json::parse(fake.read("describe.json"));
  about["features"] = {"gpu"};
  fake.write("describe.json", about.dump());
  EXPECT_EQ(run().at(kDouble).state, State::pass);
}

TEST_F(VariantsTest, CallsOfALaterRoundAreWaitedFor) {
  change("rounds = 0", "rounds = 2");
  change("calls = [\"t*\"]", "calls = [\"real\"]");
  EXPECT_TRUE(
      tells(run().at(kDouble).why, "no recorded call is named so: real"));
  EXPECT_EQ(variants_left(port_of(fake)).size(), 1u);
  const std::string golden =
      fake.read("port/fake/goldens/fake.math.double.json");
  Json later = Json::parse(golden);
  later.erase("sha256");
  later["calls"][0]["id"] = "real";
  fake.write("port/fake/goldens/round-2/fake.math.double.json", seal(later));
  EXPECT_FALSE(run().contains(kDouble));
  EXPECT_EQ(against(), "its calls are of a later round");
  EXPECT_TRUE(tells(gate(), "ok: 1 calls of 1 components")) << gate();
  EXPECT_TRUE(variants_left(port_of(fake)).empty());
}

TEST_F(VariantsTest, ANewRoundAsksForANewRunAndDoesNotCloseWithout) {
  run();
  Port p = port_of(fake);
  p.rounds.open(p.reference, round_state(p));
  EXPECT_EQ(against(), "") << "evidence before any round is that of the first";
  p.rounds.close(1, round_state(p));
  p.rounds.open(p.reference, round_state(p));
  EXPECT_EQ(against(), "round 2 asks for a new run");
  EXPECT_EQ(round_work(p).variants.size(), 2u);
  EXPECT_FALSE(round_work(p).done());
  run();
  EXPECT_TRUE(round_work(port_of(fake)).variants.empty());
}

TEST_F(VariantsTest, NextLeadsToThem) {
  fake.write("porting-progress.md", "");
  const auto next = [&] {
    return next_step(fake.root(), "fake", fake.root(), {});
  };
  EXPECT_EQ(next().command, "portproof verify fake --variant 'few bits'");
  run();
  EXPECT_EQ(next().command, "portproof status");
  change("rests_on", "needs = [\"no_processor_has_it\"]\nrests_on");
  EXPECT_TRUE(tells(next().why, "this processor lacks what it needs"))
      << next().why;
}

TEST_F(VariantsTest, WhatIsWrittenWrongIsRefused) {
  const std::string toml = fake.read(kToml);
  const auto after = [&](const std::string& from, const std::string& to) {
    change(from, to);
    std::string said = message([&] { port_of(fake); });
    fake.write(kToml, toml);
    return said;
  };
  EXPECT_TRUE(tells(after("{ FAKE_Y = \"4.3\" }", "{}"), "the ordinary run"));
  EXPECT_TRUE(tells(after("{ FAKE_Y = \"4.3\" }", "3"), "a table of texts"));
  EXPECT_TRUE(tells(after("name = \"few bits\"\n", ""), "`name` is a text"));
  EXPECT_TRUE(tells(after("why = \"fewer bits\"", "why = \"\""), "a reason"));
  EXPECT_TRUE(tells(after("max_abs = 0.5\n", ""), "numbers"));
  EXPECT_TRUE(tells(after("bits = \"same\"", "bits = \"few\""), "\"few\""));
  EXPECT_TRUE(tells(after(kVariant, std::string(kVariant) + kVariant), "two "));
  const std::string bare =
      "[[variant]]\nname = \"bare\"\nenvironment = { A = \"1\" }\n\n";
  EXPECT_TRUE(tells(after(kVariant, bare), "it covers nothing"));
  EXPECT_TRUE(
      tells(after(kVariant, "[variant]\nname = \"x\"\n\n"), "[[variant]]"));
}

TEST_F(VariantsTest, RulesThatAreIdleAreWrong) {
  change("match = [\"fake.math.Counter\"]\nmax", "match = [\"fake.x\"]\nmax");
  change("src/bits.h", "src/gone.h");
  const std::vector<std::string> wrong = port_of(fake).wrong();
  ASSERT_EQ(wrong.size(), 2u);
  EXPECT_TRUE(
      tells(wrong[0], "`fake.x` in reference.toml matches no component"));
  EXPECT_TRUE(tells(wrong[1], "src/gone.h")) << wrong[1];
}

TEST(Features, AreThoseOfTheFirstProcessor) {
  EXPECT_EQ(
      features_in("processor\t: 0\nflags\t\t: fpu avx2 avx512_bf16\nbugs: x\n\n"
                  "processor\t: 1\nflags\t\t: fpu other\n"),
      (std::set<std::string>{"fpu", "avx2", "avx512_bf16"}));
  EXPECT_EQ(
      features_in("Features\t: fp asimd\n"),
      (std::set<std::string>{"fp", "asimd"}));
  EXPECT_TRUE(features_in("").empty());
}

} // namespace
} // namespace portproof
