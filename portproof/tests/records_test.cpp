// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "core/atomic_file.h"
#include "core/expect_error.h"
#include "core/mapped_file.h"
#include "core/temp_folder.h"
#include "portproof/followups.h"
#include "portproof/readings.h"
#include "portproof/record_log.h"
#include "portproof/rounds.h"

namespace portproof {
namespace {

using test::message;

using mlxaudio::Json;
using mlxaudio::TempFolder;
namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  return mlxaudio::read_file(path, mlxaudio::ErrorCode::config);
}

void replace(
    const fs::path& path, const std::string& old, const std::string& text) {
  std::string all = text_of(path);
  const std::size_t at = all.find(old);
  ASSERT_NE(at, std::string::npos) << old;
  mlxaudio::write_file(path, all.replace(at, old.size(), text));
}

Followup followup(const std::string& text, bool blocker = false) {
  Followup f;
  f.text = text;
  f.blocker = blocker;
  return f;
}

TEST(RecordLog, AnEditedLineCountsForNothing) {
  const TempFolder folder;
  const fs::path path = folder.path() / "followups.jsonl";
  Followups(path).add(followup("one", true));
  Followups(path).add(followup("two"));
  replace(path, "\"blocker\":true", "\"blocker\":false");
  const Followups read(path);
  EXPECT_EQ(read.all().size(), 1u);
  ASSERT_EQ(read.damage().size(), 1u);
  EXPECT_EQ(
      read.damage()[0],
      "followups.jsonl, line 1: edited since it was recorded; it counts for "
      "nothing");
}

TEST(RecordLog, ALineThatAKillCutShortIsMendedByTheNext) {
  const TempFolder folder;
  const fs::path path = folder.path() / "followups.jsonl";
  Followups(path).add(followup("one"));
  std::ofstream(path, std::ios::app) << "{\"event\":\"added\",\"te";
  EXPECT_TRUE(Followups(path).damage().empty());
  EXPECT_EQ(Followups(path).all().size(), 1u);
  Followups(path).add(followup("two"));
  EXPECT_TRUE(Followups(path).damage().empty());
  EXPECT_EQ(Followups(path).all().size(), 2u);
}

TEST(RecordLog, TwoProcessesAtOnceLoseNothing) {
  constexpr int kEach = 25;
  const TempFolder folder;
  const fs::path path = folder.path() / "followups.jsonl";
  std::vector<pid_t> children;
  for (int child = 0; child < 2; ++child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (int i = 0; i < kEach; ++i) {
        Followups(path).add(followup("the same text"));
      }
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  const Followups all(path);
  EXPECT_TRUE(all.damage().empty());
  std::set<std::string> ids;
  for (const Followup& f : all.all()) {
    ids.insert(f.id);
  }
  EXPECT_EQ(ids.size(), 2u * kEach) << "each has an id of its own";
}

TEST(RecordLog, AKillAtAnyMomentLosesNothingThatWasSaid) {
  const TempFolder folder;
  const fs::path path = folder.path() / "followups.jsonl";
  Followups(path).add(followup("before"));
  for (int round = 0; round < 5; ++round) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) {
        Followups(path).add(followup(std::string(2000, 'x')));
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(7 + 5 * round));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    Followups after(path);
    EXPECT_TRUE(after.damage().empty());
    EXPECT_EQ(after.all().front().text, "before");
    after.add(followup("after"));
    EXPECT_EQ(after.all().back().text, "after");
  }
}

TEST(Followups, AreAddedAndSettled) {
  const TempFolder folder;
  Followups followups(folder.path() / "followups.jsonl");
  const Followup plain = followups.add(followup("a remark"));
  const Followup blocker = followups.add(followup("it is wrong", true));
  EXPECT_EQ(followups.blockers(), 1);
  EXPECT_EQ(followups.open().front().id, blocker.id) << "blockers first";
  EXPECT_EQ(
      followups.resolve(blocker.id.substr(0, 6), "mended").resolved,
      "mended");
  EXPECT_EQ(followups.blockers(), 0);
  EXPECT_EQ(followups.open().size(), 1u);
  EXPECT_EQ(followups.all().size(), 2u);
  EXPECT_EQ(followups.open().front().id, plain.id);
}

TEST(Followups, RefuseWhatMakesNoSense) {
  const TempFolder folder;
  Followups followups(folder.path() / "followups.jsonl");
  const std::string id = followups.add(followup("x")).id;
  EXPECT_NE(
      message([&] { followups.add(followup("")); }).find("needs a text"),
      std::string::npos);
  EXPECT_NE(
      message([&] { followups.resolve("zz", "y"); }).find("has no follow-up"),
      std::string::npos);
  EXPECT_NE(
      message([&] { followups.resolve(id, ""); }).find("--how"),
      std::string::npos);
  followups.resolve(id, "done");
  EXPECT_NE(
      message([&] { followups.resolve(id, "again"); }).find("is settled: done"),
      std::string::npos);
}

// --- readings ----------------------------------------------------------------

Json signed_line(const char* component, int round = 1) {
  return {
      {"event", "signed"},
      {"round", round},
      {"component", component},
      {"fingerprint", "f"}};
}

Json planted_line(const char* event, bool was_signed) {
  return {{"event", event}, {"signed", was_signed}, {"round", 1}};
}

TEST(Readings, AMissedDefectTakesTheSignaturesSinceTheLastOneCaught) {
  const TempFolder folder;
  Readings readings(folder.path() / "readings.jsonl");
  readings.append("r1", {signed_line("a"), planted_line("caught", false)});
  readings.append("r2", {signed_line("z")});
  readings.append("r1", {signed_line("b"), signed_line("c")});
  readings.append("r1", {planted_line("missed", true), signed_line("d")});
  EXPECT_NE(readings.last("a", 1), nullptr);
  EXPECT_EQ(readings.last("b", 1), nullptr);
  EXPECT_EQ(readings.last("c", 1), nullptr);
  EXPECT_NE(readings.last("d", 1), nullptr) << "signed afterwards";
  EXPECT_NE(readings.last("z", 1), nullptr) << "another reader's";
  EXPECT_EQ(readings.last("a", 2), nullptr) << "of another round";
  const ReaderRecord r1 = readings.readers().front();
  EXPECT_EQ(r1.reader, "r1");
  EXPECT_EQ(r1.signed_pages, 4);
  EXPECT_EQ(r1.planted, 2);
  EXPECT_EQ(r1.caught, 1);
  EXPECT_EQ(r1.lost, 2);
}

TEST(Readings, APlantedPageThatWasNotSignedTakesNothing) {
  const TempFolder folder;
  Readings readings(folder.path() / "readings.jsonl");
  readings.append("r1", {signed_line("a"), planted_line("missed", false)});
  EXPECT_NE(readings.last("a", 1), nullptr);
  EXPECT_EQ(readings.readers().front().planted, 1);
  EXPECT_EQ(readings.readers().front().caught, 0);
}

TEST(Readings, ALineThatWasTakenOutShows) {
  const TempFolder folder;
  const fs::path path = folder.path() / "readings.jsonl";
  Readings(path).append("r1", {signed_line("a")});
  Readings(path).append("r1", {planted_line("missed", true)});
  Readings(path).append("r1", {signed_line("b")});
  EXPECT_TRUE(Readings(path).damage().empty());
  const std::string all = text_of(path);
  const std::size_t first = all.find('\n') + 1;
  const std::size_t second = all.find('\n', first) + 1;
  mlxaudio::write_file(path, all.substr(0, first) + all.substr(second));
  ASSERT_EQ(Readings(path).damage().size(), 1u);
  EXPECT_NE(
      Readings(path).damage()[0].find("a line of reader r1"),
      std::string::npos);
}

TEST(Readings, WhatWasPlantedMustBeWhatWasCommittedTo) {
  const TempFolder folder;
  const fs::path path = folder.path() / "readings.jsonl";
  Readings readings(path);
  readings.append(
      "r1",
      {{{"event", "exported"},
        {"bundle", "b"},
        {"commitment", "0123"},
        {"pages", Json::array()}}});
  ASSERT_EQ(readings.bundles().size(), 1u);
  readings.append(
      "r1",
      {{{"event", "revealed"}, {"bundle", "b"}, {"secret", {{"seed", "x"}}}}});
  EXPECT_TRUE(readings.bundles().empty());
  ASSERT_EQ(readings.damage().size(), 1u);
  EXPECT_NE(
      readings.damage()[0].find("not what was committed to"),
      std::string::npos);
}

} // namespace
} // namespace portproof
