// SPDX-License-Identifier: MIT
#include "portproof/verify.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/safetensors.h"
#include "mlxaudio/error.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;
using test::port_of;
using State = Result::State;

std::map<std::string, Result> verified(
    const FakeProject& fake,
    bool record = true,
    std::optional<int> limit = {}) {
  Port port = port_of(fake);
  VerifyOptions options;
  options.command = {fake.program().string()};
  options.record = record;
  options.time_limit = limit;
  std::map<std::string, Result> out;
  for (Result& r : verify(port, options)) {
    out.emplace(r.component, std::move(r));
  }
  return out;
}

TEST(Verify, PassesWhatIsEqualAndRemembersIt) {
  const FakeProject fake;
  fake.build();
  const auto results = verified(fake);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results.at("fake.math.double").state, State::pass);
  const Port port = port_of(fake);
  EXPECT_TRUE(port.standing(*port.inventory.find("fake.math.double")).holds);
  // The same again adds nothing.
  const std::string before = fake.read("port/fake/evidence.jsonl");
  verified(fake);
  EXPECT_EQ(fake.read("port/fake/evidence.jsonl"), before);
}

TEST(Verify, FailsWhatDiffers) {
  const FakeProject fake;
  fake.record({{"y", 4.5}});
  fake.build();
  const Result r = verified(fake).at("fake.math.double");
  EXPECT_EQ(r.state, State::fail);
  EXPECT_NE(r.why.find("expected 4.5, got 4.0"), std::string::npos) << r.why;
  const Port port = port_of(fake);
  EXPECT_FALSE(port.standing(*port.inventory.find("fake.math.double")).holds);
}

TEST(Verify, RefusesAProgramBuiltBeforeAnEditOfTheCode) {
  const FakeProject fake;
  fake.build();
  fake.replace("src/math.cpp", "// exact", "// exact: a power of two");
  EXPECT_EQ(verified(fake).at("fake.math.double").state, State::pass)
      << "a comment is no edit of the code";
  fake.replace("src/math.cpp", "2 * x", "x + x");
  const Result r = verified(fake).at("fake.math.double");
  EXPECT_EQ(r.state, State::stale);
  EXPECT_NE(r.why.find("src/math.cpp"), std::string::npos) << r.why;
  fake.build();
  EXPECT_EQ(verified(fake).at("fake.math.double").state, State::pass);
}

TEST(Verify, AnEditOfOneProbeLeavesTheOthers) {
  const FakeProject fake;
  fake.build();
  fake.replace("port/fake/probes/math.cpp", "count(c)", "count(c) + 0");
  const auto results = verified(fake);
  EXPECT_EQ(results.at("fake.math.double").state, State::pass);
  EXPECT_EQ(results.at("fake.math.Counter").state, State::stale);
}

TEST(Verify, MarksExpireWithTheCode) {
  const FakeProject fake;
  fake.build();
  verified(fake);
  fake.replace("src/math.cpp", "2 * x", "x + x");
  const Port port = port_of(fake);
  const auto standing = port.standing(*port.inventory.find("fake.math.double"));
  EXPECT_FALSE(standing.holds);
  EXPECT_EQ(standing.why, "expired: src/math.cpp changed");
}

TEST(Verify, MarksExpireWithTheTolerance) {
  const FakeProject fake;
  fake.build();
  verified(fake);
  fake.replace("port/fake/reference.toml", "rel_l2 = 0.01", "rel_l2 = 0.02");
  const Port port = port_of(fake);
  EXPECT_FALSE(port.standing(*port.inventory.find("fake.math.double")).holds);
}

TEST(Verify, ACallMayHaveATolerance) {
  const FakeProject fake;
  fake.record({{"y", {{"$near", 5.0}}}});
  fake.build();
  EXPECT_EQ(verified(fake).at("fake.math.double").state, State::fail);
  const std::string rule =
      "[[tolerance]]\nmatch = [\"fake.math.double\"]\ncalls = [\"two\"]\n"
      "grade = \"close\"\nmax_abs = 2\nrel_l2 = 0.3\nwhy = \"measured\"\n\n";
  fake.replace("port/fake/reference.toml", "[[waiver]]", rule + "[[waiver]]");
  const Result r = verified(fake).at("fake.math.double");
  EXPECT_EQ(r.state, State::pass) << r.why;
  EXPECT_EQ(r.grades.at(0).comparison.worst.rel_l2, 0) << "it is kept apart";
  EXPECT_NEAR(r.grades.at(0).apart.at("two").worst.rel_l2, 0.2, 1e-6);
  const Port port = port_of(fake);
  const Component& c = *port.inventory.find("fake.math.double");
  EXPECT_TRUE(port.standing(c).holds);
  EXPECT_NE(
      figures_text(port.standing(c).evidence->line).find("two: 0.2 of 0.3"),
      std::string::npos)
      << figures_text(port.standing(c).evidence->line);
  // Tightened, the mark goes; and it holds for its call alone.
  fake.replace("port/fake/reference.toml", "max_abs = 2\n", "max_abs = 0.5\n");
  EXPECT_FALSE(port_of(fake).standing(c).holds);
  EXPECT_EQ(verified(fake).at("fake.math.double").state, State::fail);
  fake.replace("port/fake/reference.toml", "[\"two\"]", "[\"three\"]");
  EXPECT_NE(
      verified(fake)
          .at("fake.math.double")
          .why.find("no recorded call is named `three`"),
      std::string::npos)
      << verified(fake).at("fake.math.double").why;
}

TEST(Verify, OneCrashDoesNotStopTheOthers) {
  const FakeProject fake;
  fake.build(
      R"sh(if [ "$1" = fake.math.double ]; then echo boom >&2; kill -SEGV $$; fi
echo '{"calls": [{"id": "two", "result": {"y": 4.0}}]}' > "$2/response.json")sh");
  const auto results = verified(fake);
  EXPECT_EQ(results.at("fake.math.double").state, State::fail);
  EXPECT_NE(
      results.at("fake.math.double").why.find("signal 11"),
      std::string::npos)
      << results.at("fake.math.double").why;
  EXPECT_EQ(results.at("fake.math.Counter").state, State::pass);
}

TEST(Verify, AHangingProbeIsStopped) {
  const FakeProject fake;
  fake.build(
      R"sh(if [ "$1" = fake.math.double ]; then sleep 100; fi
echo '{"calls": [{"id": "two", "result": {"y": 4.0}}]}' > "$2/response.json")sh");
  const auto results = verified(fake, true, 1);
  EXPECT_EQ(
      results.at("fake.math.double").why,
      "the probe did not end within 1 s");
  EXPECT_LT(results.at("fake.math.double").seconds, 10);
  EXPECT_EQ(results.at("fake.math.Counter").state, State::pass);
}

TEST(Verify, GarbageIsAFailure) {
  const FakeProject fake;
  for (const char* answer :
       {"not json",
        "{\"calls\": []}",
        "{\"calls\": [{\"id\": \"other\", \"result\": 1}]}",
        "{\"calls\": [{\"id\": \"two\"}]}",
        "[]"}) {
    fake.build(
        std::string("cat > \"$2/response.json\" <<'X'\n") + answer + "\nX");
    EXPECT_EQ(verified(fake).at("fake.math.double").state, State::fail)
        << answer;
  }
  fake.build("exit 0");
  EXPECT_EQ(verified(fake).at("fake.math.double").state, State::fail);
}

TEST(Verify, WhatAProgramSaysNeedBeNoText) {
  const FakeProject fake;
  fake.build(R"sh(printf 'bad \377\376 bytes' >&2; exit 3)sh");
  const Result r = verified(fake).at("fake.math.double");
  EXPECT_EQ(r.state, State::fail);
  EXPECT_NE(r.why.find("bytes"), std::string::npos) << r.why;
  // It is kept with the evidence all the same.
  const Port port = port_of(fake);
  EXPECT_EQ(
      port.standing(*port.inventory.find("fake.math.double")).why,
      "failed");
}

TEST(Verify, AnEditedGoldenIsRefused) {
  const FakeProject fake;
  fake.build();
  fake.replace(
      "port/fake/goldens/fake.math.double.json",
      "\"y\": 4.0",
      "\"y\": 4.5");
  const Result r = verified(fake).at("fake.math.double");
  EXPECT_EQ(r.state, State::fail);
  EXPECT_NE(r.why.find("was edited since it was recorded"), std::string::npos)
      << r.why;
}

TEST(Verify, AGoldenOfAnotherMlxIsRefused) {
  const FakeProject fake;
  fake.build();
  fake.replace("port/fake/reference.toml", "mlx = \"1.0\"", "mlx = \"1.1\"");
  const Result r = verified(fake).at("fake.math.double");
  EXPECT_EQ(r.state, State::fail);
  EXPECT_NE(r.why.find("recorded with MLX 1.0"), std::string::npos) << r.why;
}

TEST(Verify, WhatIsMissingOfARequiredStageIsSaid) {
  const FakeProject fake;
  fake.build();
  std::filesystem::remove(
      fake.path("port/fake/goldens/fake.math.Counter.json"));
  EXPECT_EQ(verified(fake).at("fake.math.Counter").why, "no recorded calls");
  fake.replace("src/math.h", "\\port fake.math.Counter", "A counter.");
  EXPECT_EQ(
      verified(fake).at("fake.math.Counter").why,
      "no definition carries its tag");
}

TEST(Verify, WithoutRecordingTheEvidenceStays) {
  const FakeProject fake;
  fake.build();
  verified(fake, false);
  EXPECT_FALSE(std::filesystem::exists(fake.path("port/fake/evidence.jsonl")));
}

TEST(Verify, SeveralAtATimeAreWhatEachIsAlone) {
  const FakeProject fake;
  fake.record({{"y", 4.5}});
  fake.build();
  const auto names = [&](unsigned jobs) {
    Port port = port_of(fake);
    std::vector<std::string> out;
    for (const Result& r : verify(
             port,
             {.command = {fake.program().string()},
             .record = false,
             .jobs = jobs})) {
      out.push_back(r.component + ": " + r.why);
    }
    return out;
  };
  EXPECT_EQ(names(4), names(1));
  EXPECT_EQ(names(4).size(), 2u);
}

TEST(Verify, OnlyWholeRunsOneAtATimeAreRecorded) {
  const FakeProject fake;
  fake.build();
  Port port = port_of(fake);
  const std::vector<std::string> command = {fake.program().string()};
  EXPECT_THROW(
      verify(port, {.command = command, .jobs = 2}),
      mlxaudio::ArgumentError);
  EXPECT_THROW(
      verify(port, {.command = command, .environments = false}),
      mlxaudio::ArgumentError);
}

TEST(Evidence, AnEditedLineCountsForNothing) {
  const FakeProject fake;
  fake.record({{"y", 4.5}});
  fake.build();
  verified(fake);
  fake.replace("port/fake/evidence.jsonl", "\"pass\":false", "\"pass\":true");
  const EvidenceFile file(fake.path("port/fake/evidence.jsonl"));
  ASSERT_EQ(file.damage().size(), 1u);
  EXPECT_NE(file.damage()[0].find("edited"), std::string::npos);
  EXPECT_EQ(file.last("fake.math.double"), nullptr);
}

TEST(Evidence, ALineThatAKillCutShortLosesNothingElse) {
  const FakeProject fake;
  fake.build();
  verified(fake);
  {
    std::ofstream file(fake.path("port/fake/evidence.jsonl"), std::ios::app);
    file << "{\"component\":\"fake.math.dou";
  }
  EXPECT_TRUE(
      EvidenceFile(fake.path("port/fake/evidence.jsonl")).damage().empty());
  fake.replace("src/math.cpp", "2 * x", "x + x");
  fake.build();
  verified(fake); // appends after the cut line
  const Port port = port_of(fake);
  EXPECT_TRUE(port.standing(*port.inventory.find("fake.math.double")).holds);
  EXPECT_TRUE(port.standing(*port.inventory.find("fake.math.Counter")).holds);
}

// --- comparing ---------------------------------------------------------------

mlxaudio::Tensor floats(std::vector<float> values) {
  const auto keep = std::make_shared<std::vector<float>>(std::move(values));
  mlxaudio::Tensor t;
  t.dtype = mlxaudio::DType::f32;
  t.shape = {static_cast<std::int64_t>(keep->size())};
  t.bytes = std::as_bytes(std::span(*keep));
  t.owner = keep;
  return t;
}

Comparison compared(
    std::vector<float> a, std::vector<float> b, const Tolerance& t) {
  Comparison c;
  const Json value = {{"$array", "x"}};
  compare(
      value,
      {{"x", floats(std::move(a))}},
      value,
      {{"x", floats(std::move(b))}},
      t,
      "call",
      c);
  return c;
}

TEST(Compare, EveryMetricMustHold) {
  const Tolerance loose{1.0, 1.0, 0.01, ""};
  EXPECT_TRUE(compared({1, 2, 3}, {1, 2, 3}, {}).pass());
  EXPECT_FALSE(compared({1, 2, 3}, {1, 2, 3.001f}, {}).pass());
  EXPECT_TRUE(compared({1, 2, 3}, {1, 2, 3.001f}, loose).pass());
  // A gain of 3 % is within two of the metrics, not the third.
  EXPECT_FALSE(compared({1, 2, 3}, {1.03f, 2.06f, 3.09f}, loose).pass());
}

TEST(Compare, NothingIsCloseToNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const Tolerance any{1e9, 1e9, 1e9, ""};
  EXPECT_FALSE(compared({1, 2}, {1, nan}, any).pass());
  const Comparison reference = compared({1, nan}, {1, nan}, any);
  ASSERT_FALSE(reference.pass());
  EXPECT_NE(
      reference.failures[0].find("the reference itself gave 1 NaN"),
      std::string::npos);
  EXPECT_TRUE(compared({1, -inf}, {1, -inf}, {}).pass());
  EXPECT_FALSE(compared({1, -inf}, {1, inf}, any).pass());
  EXPECT_FALSE(compared({1, -inf}, {1, -1e30f}, any).pass());
}

TEST(Compare, ShapeTypeAndZerosCount) {
  const Tolerance any{1e9, 1e9, 1e9, ""};
  EXPECT_FALSE(compared({1, 2}, {1, 2, 3}, any).pass());
  EXPECT_FALSE(compared({0, 0}, {0, 1e-9f}, any).pass())
      << "against zeros a relative error has no bound";
  Comparison c;
  const Json value = {{"$array", "x"}};
  mlxaudio::Tensor half = floats({1, 2});
  half.dtype = mlxaudio::DType::i32;
  compare(value, {{"x", floats({1, 2})}}, value, {{"x", half}}, any, "c", c);
  EXPECT_FALSE(c.pass());
}

TEST(Compare, ValuesMustBeEqual) {
  const auto same = [](const Json& a, const Json& b) {
    Comparison c;
    compare(a, {}, b, {}, {1e-3, 1e-3, 1e-3, ""}, "call", c);
    return c.pass();
  };
  EXPECT_TRUE(same({{"a", {1, 2}}}, {{"a", {1, 2}}}));
  EXPECT_FALSE(same({{"a", {1, 2}}}, {{"a", {1, 3}}}));
  EXPECT_FALSE(same({{"a", 1}}, {{"b", 1}}));
  EXPECT_FALSE(same({{"a", 1}}, {{"a", 1}, {"b", 1}}));
  EXPECT_FALSE(same(1, true));
  EXPECT_TRUE(same(1.0, 1));
  EXPECT_FALSE(same(1.0, 1.0000001)) << "a plain number has no tolerance";
  EXPECT_TRUE(same({{"$near", 1.0}}, 1.0000001));
  EXPECT_FALSE(same({{"$near", 1.0}}, 1.1));
  EXPECT_FALSE(same({{"$near", 1.0}}, nullptr));
  EXPECT_TRUE(same({{"$raises", "ValueError"}}, {{"$raises", "no"}}));
  EXPECT_FALSE(same({{"$raises", "ValueError"}}, 1));
  EXPECT_FALSE(same(1, {{"$raises", "no"}}));
}

TEST(Golden, RandomArraysAreTheSameEverywhere) {
  const mlxaudio::Tensor t = random_array(
      {{"seed", 7},
       {"shape", {2, 2}},
       {"dtype", "F32"},
       {"scale", 2.0},
       {"offset", 1.0}});
  const auto values = t.as<float>();
  // splitmix64(7), (8), ...: recorder/trace.py has the same.
  EXPECT_EQ(
      std::vector<float>(values.begin(), values.end()),
      (std::vector<float>{
          0.55859375f,
          1.47265625f,
          1.728515625f,
          -0.8671875f}));
}

} // namespace
} // namespace portproof
