// SPDX-License-Identifier: MIT
#include "portproof/bisect.h"

#include <gtest/gtest.h>

#include "mlxaudio/error.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;
using Verdict = TapResult::Verdict;

Json tap(const std::string& path, double in, double out) {
  return {
      {"path", path},
      {"call", 0},
      {"component", path == "counter" ? "fake.math.Counter" : "fake.Leaf"},
      {"in", {in}},
      {"out", {out}}};
}

/// A run of three places: `a` gives 2 for 1, `counter.b` 3 for 2, `counter` 3
/// for 2.
void record_run(const FakeProject& fake) {
  Json golden =
      Json::parse(fake.read("port/fake/goldens/fake.math.double.json"));
  golden["calls"][0]["taps"] = {
      tap("a", 1, 2),
      tap("counter.b", 2, 3),
      tap("counter", 2, 3)};
  fake.write("port/fake/goldens/fake.math.double.json", seal(golden));
}

std::string answer(const Json& taps, double result = 4) {
  return Json{
      {"calls", {{{"id", "two"}, {"result", {{"y", result}}}, {"taps", taps}}}}}
      .dump();
}

/// The port answers one thing when it runs freely and another when it goes on
/// with the reference's values.
Bisection bisected(
    const FakeProject& fake,
    const std::string& free,
    const std::string& forced) {
  record_run(fake);
  fake.build(
      "if grep -q forced \"$2/request.json\"; then cat > "
      "\"$2/response.json\" <<'X'\n" +
      forced + "\nX\nelse cat > \"$2/response.json\" <<'X'\n" + free +
      "\nX\nfi");
  const Port port(Project{fake.root()}, "fake", fake.root() / "build");
  BisectOptions options;
  options.command = {fake.program().string()};
  options.time_limit = 20;
  const auto all = bisect(port, options);
  EXPECT_EQ(all.size(), 1u);
  return all.front();
}

const Json kRight = {
    tap("a", 1, 2), tap("counter.b", 2, 3), tap("counter", 2, 3)};

TEST(Bisect, SaysThatAllAgrees) {
  const FakeProject fake;
  const Bisection b = bisected(fake, answer(kRight), answer(kRight));
  EXPECT_TRUE(b.all_agree());
  EXPECT_EQ(b.first(), nullptr);
}

TEST(Bisect, TellsTheCauseFromWhatPassesItOn) {
  const FakeProject fake;
  const Bisection b = bisected(
      fake,
      answer({tap("a", 1, 5), tap("counter.b", 5, 6), tap("counter", 5, 6)}, 7),
      answer({tap("a", 1, 5), tap("counter.b", 2, 3), tap("counter", 2, 3)}));
  EXPECT_EQ(b.taps[0].verdict, Verdict::cause);
  EXPECT_EQ(b.taps[1].verdict, Verdict::propagated);
  EXPECT_EQ(b.taps[2].verdict, Verdict::propagated);
  ASSERT_NE(b.first(), nullptr);
  EXPECT_EQ(b.first()->path, "a");
  EXPECT_FALSE(b.result_agrees);
  EXPECT_FALSE(b.all_agree());
  EXPECT_EQ(to_json(b).at("first").at("path"), "a");
}

TEST(Bisect, ASecondFaultBehindTheFirstIsSeenToo) {
  const FakeProject fake;
  const Bisection b = bisected(
      fake,
      answer({tap("a", 1, 5), tap("counter.b", 5, 9), tap("counter", 5, 9)}),
      answer({tap("a", 1, 5), tap("counter.b", 2, 9), tap("counter", 2, 3)}));
  EXPECT_EQ(b.taps[0].verdict, Verdict::cause);
  EXPECT_EQ(b.taps[1].verdict, Verdict::cause);
  EXPECT_EQ(b.taps[1].owner, "fake.math.Counter") << "it is a part of that";
  EXPECT_EQ(b.taps[2].verdict, Verdict::propagated);
}

TEST(Bisect, SeesThatTheCodeAroundAPlaceIsAtFault) {
  const FakeProject fake;
  const Json wrong = {
      tap("a", 1, 2),
      tap("counter.b", 7, 8),
      tap("counter", 2, 8)};
  const Bisection b = bisected(
      fake,
      answer(wrong),
      answer({tap("a", 1, 2), tap("counter.b", 7, 8), tap("counter", 2, 3)}));
  ASSERT_NE(b.first(), nullptr);
  EXPECT_EQ(b.first()->path, "counter.b");
  EXPECT_EQ(b.first()->verdict, Verdict::around);
  EXPECT_EQ(b.first()->owner, "fake.math.Counter");
}

TEST(Bisect, APortThatGivesUpIsFollowedUpToThere) {
  const FakeProject fake;
  const std::string gave_up = Json{{"calls",
                                    {{{"id", "two"},
                                      {"result", {{"$raises", "too long"}}},
                                      {"taps", {tap("a", 1, 2)}}}}}}
                                  .dump();
  const Bisection b = bisected(fake, gave_up, gave_up);
  EXPECT_EQ(b.stopped, "too long");
  ASSERT_NE(b.first(), nullptr);
  EXPECT_EQ(b.first()->path, "counter.b");
  EXPECT_EQ(b.first()->verdict, Verdict::stops);
}

TEST(Bisect, WithoutInputsTheFirstDifferenceIsTheCause) {
  const FakeProject fake;
  Json a = tap("a", 1, 5);
  a.erase("in");
  const Bisection b =
      bisected(fake, answer({a, tap("counter.b", 5, 6)}), "not json");
  EXPECT_NE(b.not_forced.find("cannot be read"), std::string::npos)
      << b.not_forced;
  EXPECT_EQ(b.taps[0].verdict, Verdict::cause);
  EXPECT_EQ(b.taps[1].verdict, Verdict::propagated);
  EXPECT_EQ(b.taps[2].verdict, Verdict::absent);
}

TEST(Bisect, APortThatTellsNothingIsRefused) {
  const FakeProject fake;
  try {
    bisected(fake, answer(Json::array()), answer(Json::array()));
    ADD_FAILURE() << "there was nothing to compare";
  } catch (const mlxaudio::Error& e) {
    EXPECT_NE(std::string(e.what()).find("give taps"), std::string::npos);
  }
}

TEST(Bisect, NoRunWithTapsIsSaid) {
  const FakeProject fake;
  fake.build();
  const Port port(Project{fake.root()}, "fake", fake.root() / "build");
  EXPECT_THROW(bisect(port, {}), mlxaudio::ConfigError);
}

} // namespace
} // namespace portproof
