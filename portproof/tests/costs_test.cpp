// SPDX-License-Identifier: MIT
#include "portproof/costs.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "mlxaudio/error.h"
#include "portproof/inventory.h"
#include "portproof/round_work.h"
#include "portproof/tests/project.h"

namespace portproof::test {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

constexpr const char* kDouble = "fake.math.double";
constexpr const char* kCounter = "fake.math.Counter";

class CostsTest : public testing::Test {
 protected:
  CostsTest() {
    fake.replace("port/fake/reference.toml", "slower = 0", "slower = 2.0");
    probe(0.01);
  }

  Port port() const {
    return Port({fake.root()}, "fake", fake.path("build"));
  }

  /// Builds a probe that says what its calls cost it.
  void probe(double seconds) const {
    fake.build(fmt::format(
        "grep -q '\"repeats\"' \"$2/request.json\" || exit 9\n"
        "echo '{{\"calls\": [{{\"id\": \"two\", \"result\": {{\"y\": 4.0}}, "
        "\"seconds\": {}, \"growth_kib\": 12}}]}}' > \"$2/response.json\"",
        seconds));
  }

  std::vector<std::string> write(const Json& components) const {
    const Port p = port();
    return write_costs(
        p,
        ProbeProgram::open({fake.program().string()}),
        {{"machine", {{"processor", "a quick one"}}},
         {"versions", {{"torch", "2.0"}}},
         {"components", components}});
  }
  /// Both components, a call each, in seconds of the reference.
  std::vector<std::string> measure(double twice, double counter) const {
    return write(
        {{kDouble, {call("torch", twice)}},
         {kCounter, {call("torch", counter)}}});
  }
  static Json call(const std::string& oracle, double seconds) {
    return {
        {"id", "two"},
        {"oracle", oracle},
        {"seconds", seconds},
        {"growth_kib", 100}};
  }

  std::string left() const {
    std::string all;
    for (const std::string& line : efficiency_left(port())) {
      all += line + '\n';
    }
    return all;
  }
  template <class F>
  static std::string message(F&& f) {
    try {
      f();
    } catch (const ConfigError& e) {
      return e.what();
    }
    return {};
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  FakeProject fake;
};

TEST_F(CostsTest, ARoundAsksForThem) {
  EXPECT_TRUE(has(left(), "`portproof trace fake --costs`")) << left();
  EXPECT_FALSE(round_work(port()).done());
  EXPECT_TRUE(measure(0.02, 0.02).empty());
  EXPECT_EQ(left(), "");
}

TEST_F(CostsTest, BothSidesStandBesideEachOther) {
  measure(0.02, 0.04);
  const Costs costs(port());
  const CostRow* row = costs.find(kCounter);
  ASSERT_NE(row, nullptr);
  ASSERT_EQ(row->sides.size(), 1u);
  EXPECT_EQ(row->sides[0].reference, "torch");
  EXPECT_DOUBLE_EQ(row->ratio(), 0.25);
  EXPECT_EQ(row->sides[0].growth_kib, 100);
  EXPECT_EQ(row->sides[0].port_growth_kib, 12);
  EXPECT_TRUE(
      has(cost_table(costs),
          "port 10 ms against torch 40 ms (0.25 times, 1 calls)"))
      << cost_table(costs);
  EXPECT_TRUE(has(costs.about(), "a quick one")) << costs.about();
  EXPECT_EQ(costs.json().at(0).at("slow"), false);
}

TEST_F(CostsTest, WhatIsSlowerNeedsAnAnswer) {
  measure(0.02, 0.004); // the port takes 0.01
  EXPECT_TRUE(has(left(), "fake.math.Counter takes more than 2 times"))
      << left();
  EXPECT_FALSE(has(left(), "fake.math.double"));
  EXPECT_FALSE(round_work(port()).done());
  fake.replace(
      "port/fake/reference.toml",
      "[[stage]]",
      "[[slower]]\nmatch = [\"fake.math.C*\"]\nreason = \"it counts twice\"\n\n"
      "[[stage]]");
  EXPECT_EQ(left(), "");
  const Costs costs(port());
  EXPECT_EQ(costs.find(kCounter)->answer, "it counts twice");
  EXPECT_EQ(costs.find(kDouble)->answer, "") << "it is not slow";
}

TEST_F(CostsTest, TheSlowerReferenceCounts) {
  fake.record({{"y", 4.0}});
  Json golden =
      Json::parse(fake.read("port/fake/goldens/fake.math.double.json"));
  Json other = golden["calls"][0];
  other["id"] = "three";
  golden["calls"].push_back(other);
  fake.write("port/fake/goldens/fake.math.double.json", seal(golden));
  fake.build(
      R"sh(echo '{"calls": [{"id": "two", "result": {}, "seconds": 0.01}, {"id": "three", "result": {}, "seconds": 0.01}]}' > "$2/response.json")sh");
  Json second = call("mlx", 0.008);
  second["id"] = "three";
  write({{kDouble, {call("torch", 0.001), second}}});
  const Costs costs(port());
  const CostRow* row = costs.find(kDouble);
  ASSERT_EQ(row->sides.size(), 2u);
  EXPECT_DOUBLE_EQ(row->ratio(), 1.25);
  EXPECT_FALSE(row->slow);
}

TEST_F(CostsTest, TinyCallsDoNotCount) {
  probe(0.0009);
  measure(1e-6, 1e-6);
  EXPECT_GT(Costs(port()).find(kDouble)->ratio(), 100);
  EXPECT_EQ(left(), "");
  probe(0.0012);
  measure(1e-6, 1e-6);
  EXPECT_TRUE(has(left(), kDouble));
}

TEST_F(CostsTest, TheyAreOfTheCodeThatWasMeasured) {
  measure(0.02, 0.02);
  fake.replace("src/math.cpp", "// exact", "// a comment");
  EXPECT_EQ(left(), "");
  fake.replace("src/math.cpp", "2 * x", "x + x");
  EXPECT_TRUE(has(left(), "2 components were not measured since")) << left();
  EXPECT_TRUE(
      has(message([&] { measure(0.02, 0.02); }),
          "src/math.cpp changed since the build: build again"));
}

TEST_F(CostsTest, OthersStayWhereOneIsMeasured) {
  measure(0.02, 0.02);
  write({{kDouble, {call("torch", 0.08)}}});
  EXPECT_DOUBLE_EQ(Costs(port()).find(kDouble)->ratio(), 0.125);
  EXPECT_DOUBLE_EQ(Costs(port()).find(kCounter)->ratio(), 0.5);
  const std::string before = fake.read("port/fake/costs.json");
  const std::string refused = message([&] {
    const Port p = port();
    write_costs(
        p,
        ProbeProgram::open({fake.program().string()}),
        {{"machine", {{"processor", "another"}}},
         {"versions", {{"torch", "2.0"}}},
         {"components", {{kDouble, {call("torch", 0.08)}}}}});
  });
  EXPECT_TRUE(has(refused, "another machine")) << refused;
  EXPECT_EQ(fake.read("port/fake/costs.json"), before);
}

TEST_F(CostsTest, AProbeThatSaysNothingIsNamed) {
  fake.build();
  const auto missing = measure(0.02, 0.02);
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_TRUE(has(missing[0], "does not say what its calls cost"));
  EXPECT_TRUE(has(left(), "2 components were not measured"));
}

TEST_F(CostsTest, AnOpenFindingOfTheAuditIsLeft) {
  measure(0.02, 0.02);
  fake.replace(
      "src/math.cpp",
      "float twice",
      "// AUDIT(no-such-check): because\nfloat twice");
  EXPECT_TRUE(has(left(), "1 finding of `portproof audit fake` is open"))
      << left();
}

TEST_F(CostsTest, BadInput) {
  measure(0.02, 0.02);
  fake.replace("port/fake/costs.json", "0.02", "0.09");
  EXPECT_TRUE(has(message([&] { left(); }), "was edited by hand"));
  fake.write("port/fake/costs.json", "{}");
  EXPECT_TRUE(has(message([&] { left(); }), "costs.json is malformed"));
  fake.replace("port/fake/reference.toml", "slower = 2.0", "slower = \"two\"");
  EXPECT_TRUE(has(message([&] { left(); }), "[round] `slower` is how many"));
}

TEST_F(CostsTest, AnAnswerHasAReasonAndAComponent) {
  const auto answer = [&](const std::string& old, const std::string& text) {
    fake.replace("port/fake/reference.toml", old, text);
  };
  answer(
      "[[stage]]",
      "[[slower]]\nmatch = [\"x.*\"]\nreason = \"\"\n\n[[stage]]");
  EXPECT_TRUE(has(message([&] { port(); }), "[[slower]]: `reason` is empty"));
  answer("reason = \"\"", "reason = \"so\"");
  const auto wrong = port().wrong();
  EXPECT_TRUE(std::any_of(wrong.begin(), wrong.end(), [](const auto& line) {
    return line.find("`x.*` in reference.toml matches no") != std::string::npos;
  }));
}

} // namespace
} // namespace portproof::test
