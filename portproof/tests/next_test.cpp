// SPDX-License-Identifier: MIT
#include "portproof/next.h"

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/temp_folder.h"
#include "portproof/port_parts.h"
#include "portproof/progress.h"
#include "portproof/readings.h"
#include "portproof/round_work.h"
#include "portproof/tests/project.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

using test::FakeProject;
namespace fs = std::filesystem;

TEST(Next, BeginsInAnEmptyFolder) {
  const mlxaudio::TempFolder empty;
  NextStep next = next_step(empty.path(), "", "build", {});
  EXPECT_EQ(next.step, 1);
  EXPECT_EQ(next.command, "portproof init MODEL");
  next = next_step(empty.path(), "new", "build", {});
  EXPECT_EQ(next.command, "portproof init new");
  init({empty.path()}, "new");
  next = next_step(empty.path(), "new", "build", {empty.path() / "work"});
  EXPECT_EQ(next.edit, "port/new/reference.toml");
  EXPECT_NE(next.why.find("is not filled in"), std::string::npos);
  EXPECT_EQ(next.json()["step"], 1);
}

/// Goes through a port from its first step to its last.
class NextTest : public ::testing::Test {
 protected:
  NextTest() {
    fake.replace(
        "port/fake/reference.toml",
        "reason = \"nobody calls it\"",
        "reason = \"nobody calls it\"\nreached = false");
    fake.replace(
        "port/fake/reference.toml",
        "[environment]",
        "[gate]\nrounds = 1\n\n[environment]");
  }
  NextStep next() const {
    return next_step(fake.root(), "fake", fake.root(), {fake.path("work")});
  }
  Port port() const {
    return Port(Project{fake.root()}, "fake", fake.root());
  }
  void write_document() const {
    mlxaudio::write_file(
        Project{fake.root()}.document(),
        document(Progress::of({fake.root()}, fake.root()).sections()));
  }

  const FakeProject fake;
};

TEST_F(NextTest, LeadsFromTheReferencesToTheGate) {
  const std::string inventory = fake.read("port/fake/inventory.json");
  fs::remove(fake.path("port/fake/inventory.json"));
  EXPECT_EQ(next().command, "portproof fetch fake");
  fake.write("work/fetch.json", "{}");
  EXPECT_EQ(next().command, "portproof inventory fake");
  fake.write("port/fake/inventory.json", inventory);
  EXPECT_EQ(next().command, "portproof status");
  EXPECT_EQ(next().step, 2);
  fake.write("porting-progress.md", "");

  const std::string header = fake.read("src/math.h");
  fake.write(
      "src/math.h",
      "#pragma once\nfloat twice(float x);\nstruct Counter "
      "{ int count = 0; void add(); };\n");
  EXPECT_EQ(next().command, "portproof map fake --record");
  fake.write("port/fake/map.json", "{}");
  EXPECT_EQ(next().step, 5);
  EXPECT_EQ(next().command, "portproof scaffold fake fake.math.double");
  fake.write("src/math.h", header);

  const std::string probes = fake.read("port/fake/probes/math.cpp");
  fake.replace("port/fake/probes/math.cpp", "fake.math.double", "fake.math.x");
  EXPECT_EQ(next().step, 7);
  EXPECT_EQ(next().why, "no probe runs it");
  fake.write("port/fake/probes/math.cpp", probes);

  const std::string golden =
      fake.read("port/fake/goldens/fake.math.Counter.json");
  fs::remove(fake.path("port/fake/goldens/fake.math.Counter.json"));
  EXPECT_EQ(
      next().command,
      "portproof trace fake --component fake.math.Counter");
  fake.write("port/fake/goldens/fake.math.Counter.json", golden);

  EXPECT_EQ(next().why, "probes.sh is not built");
  fake.build();
  EXPECT_EQ(next().command, "portproof verify fake");
  {
    Port p = port();
    VerifyOptions options;
    options.command = {fake.program().string()};
    verify(p, options);
  }
  EXPECT_EQ(next().step, 8);
  EXPECT_EQ(next().command, "portproof round fake open");
  Port p = port();
  p.rounds.open(p.reference, round_state(p));
  EXPECT_EQ(next().component, "fake.math.double");
  EXPECT_NE(next().command.find("portproof review sign"), std::string::npos);
  for (const Component* c : required_components(p)) {
    p.readings.append(
        "r1",
        {{{"event", "signed"},
          {"round", 1},
          {"component", c->name},
          {"fingerprint", reading_fingerprint(p, *c)}}});
  }
  EXPECT_EQ(next().command, "portproof round fake close");
  const std::string id = p.followups.add({.text = "ask", .blocker = true}).id;
  EXPECT_EQ(next().step, 9);
  EXPECT_NE(next().command.find("resolve fake " + id), std::string::npos);
  p.followups.resolve(id, "asked");
  p.rounds.close(1, round_state(p));
  EXPECT_EQ(next().command, "portproof status");
  write_document();
  EXPECT_EQ(next().command, "portproof gate fake");
  EXPECT_TRUE(next().done);

  fake.replace("src/math.cpp", "2 * x", "x + x");
  EXPECT_EQ(next().step, 7) << "what expired comes back";
  EXPECT_FALSE(next().done);
  fake.build();
  {
    Port again = port();
    verify(again, {.command = {fake.program().string()}});
  }
  EXPECT_EQ(next().component, "fake.math.double");
  EXPECT_EQ(next().step, 8) << "and is read anew in the last round";
}

TEST_F(NextTest, SaysWhatIsWrongWithTheReferenceFile) {
  fake.replace("port/fake/reference.toml", "decides = true\n", "");
  EXPECT_EQ(next().edit, "port/fake/reference.toml");
  EXPECT_NE(next().why.find("decides = true"), std::string::npos);
}

TEST_F(NextTest, RecordsThatWereEditedComeFirst) {
  fake.write("porting-progress.md", "");
  port().followups.add({.text = "x"});
  fake.replace("port/fake/followups.jsonl", "\"x\"", "\"y\"");
  EXPECT_NE(next().why.find("followups.jsonl, line 1"), std::string::npos);
}

TEST_F(NextTest, OneFailureIsVerifiedAlone) {
  fake.write("porting-progress.md", "");
  fake.record({{"y", 4.5}});
  fake.build();
  Port p = port();
  VerifyOptions options;
  options.command = {fake.program().string()};
  verify(p, options);
  EXPECT_EQ(
      next().command,
      "portproof verify fake --component fake.math.double");
}

} // namespace
} // namespace portproof
