// SPDX-License-Identifier: MIT
#include "portproof/stamp.h"

#include <gtest/gtest.h>

#include <chrono>

#include "mlxaudio/error.h"
#include "portproof/process.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using test::FakeProject;
namespace fs = std::filesystem;

TEST(Stamp, ComesBackFromWhatItWrites) {
  const FakeProject fake;
  const Project project{fake.root()};
  const Stamp stamp = Stamp::now(project, Reference::load(project, "fake"));
  EXPECT_EQ(stamp.files.size(), 2u);
  EXPECT_EQ(stamp.probes.size(), 2u);
  EXPECT_EQ(Stamp::of(stamp.json()).files, stamp.files);
  EXPECT_NE(
      stamp_source(stamp).find("std::string_view portproof_stamp()"),
      std::string::npos);
}

TEST(Stamp, AnEditWhileTheBuildRanStopsIt) {
  const FakeProject fake;
  const Project project{fake.root()};
  const Sources sources(project.root, {"src"});
  // Of a target of the sources' own folder, and of one of the project's.
  for (const char* object :
       {"build/src/CMakeFiles/fake.dir/math.cpp.o",
        "build/CMakeFiles/fake.dir/src/math.cpp.o"}) {
    fake.write(object, "");
    const auto built = fs::last_write_time(fake.path(object));
    const auto minute = std::chrono::minutes(1);
    for (const char* file : {"src/math.h", "src/math.cpp"}) {
      fs::last_write_time(fake.path(file), built - minute);
    }
    EXPECT_NO_THROW(check_objects(project, sources, {fake.path(object)}));
    fs::last_write_time(fake.path("src/math.h"), built + minute);
    EXPECT_THROW(
        check_objects(project, sources, {fake.path(object)}),
        mlxaudio::ConfigError)
        << object;
  }
}

TEST(Process, GivesOutputsAndTheWayItEnded) {
  const Finished ok = run({{"sh", "-c", "echo out; echo err >&2; exit 3"}});
  EXPECT_EQ(ok.out, "out\n");
  EXPECT_EQ(ok.err, "err\n");
  EXPECT_EQ(describe(ok), "exit code 3");
  EXPECT_NE(
      describe(run({{"sh", "-c", "kill -ABRT $$"}})).find("signal 6"),
      std::string::npos);
  EXPECT_EQ(
      run({{"sh", "-c", "printf $PORTPROOF_TEST"}, {{"PORTPROOF_TEST", "x"}}})
          .out,
      "x");
  EXPECT_THROW(run({{"/no/such/program"}}), mlxaudio::ConfigError);
}

TEST(Process, CountsTimeAndMemory) {
  const Finished f = run(
      {{"sh",
        "-c",
        "x=$(head -c 20000000 /dev/zero | tr '\\0' x); sleep 0.1"}});
  EXPECT_GT(f.seconds, 0.1);
  EXPECT_LT(f.cpu_seconds, f.seconds + 5);
  EXPECT_GT(f.cpu_seconds, 0);
  EXPECT_GT(f.peak_kib, 19000);
  EXPECT_LT(run({{"sh", "-c", "sleep 0.1"}}).peak_kib, f.peak_kib);
}

TEST(Process, TheTimeLimitEndsChildrenToo) {
  const auto start = std::chrono::steady_clock::now();
  const Finished f =
      run({{"sh", "-c", "sleep 50 & sleep 50"}, {}, std::chrono::seconds(1)});
  EXPECT_TRUE(f.timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

} // namespace
} // namespace portproof
