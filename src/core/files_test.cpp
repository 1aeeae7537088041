// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/atomic_file.h"
#include "core/expect_error.h"
#include "core/mapped_file.h"
#include "core/paths.h"
#include "core/temp_folder.h"
#include "core/throw_error.h"

namespace mlxaudio {
namespace {

namespace fs = std::filesystem;

std::size_t entries_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string contents(const fs::path& path) {
  return read_file(path, ErrorCode::config);
}

TEST(MappedFile, GivesTheBytes) {
  const TempFolder folder;
  const auto file = MappedFile::open(folder.write("a", "hello"));
  const auto bytes = file->bytes();
  EXPECT_EQ(
      std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
      "hello");
  EXPECT_TRUE(MappedFile::open(folder.write("b", ""))->bytes().empty());
}

TEST(MappedFile, SurvivesReplacementOfTheFile) {
  const TempFolder folder;
  const auto path = folder.write("a", "old bytes");
  const auto file = MappedFile::open(path);
  write_file(path, "n");
  EXPECT_EQ(static_cast<char>(file->bytes()[8]), 's');
  EXPECT_EQ(contents(path), "n");
}

TEST(MappedFile, KeepsItsBytesWhenItsPagesAreForgotten) {
  const TempFolder folder;
  const std::string text(100000, 'x');
  const auto file = MappedFile::open(folder.write("a", text));
  const auto bytes = file->bytes();
  for (const auto part :
       {bytes, bytes.subspan(70), bytes.subspan(4000, 9000), bytes.first(0)}) {
    file->forget_pages(part);
    EXPECT_EQ(
        std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
        text);
  }
}

TEST(MappedFile, NamesWhatCannotBeRead) {
  const TempFolder folder;
  expect_error<WeightError>(
      [&] { MappedFile::open(folder.path() / "none"); },
      {"none", "No such"});
  expect_error<TokenError>(
      [&] { MappedFile::open(folder.path(), ErrorCode::token); },
      {"not a regular file"});
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  expect_error<ConfigError>(
      [&] { read_file(pipe, ErrorCode::config); },
      {"pipe", "not a regular file"});
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TempFolder folder;
  const auto path = folder.path() / "out.txt";
  {
    AtomicFile file(path);
    file.write("one ");
    EXPECT_FALSE(fs::exists(path));
    file.write("two");
    file.commit();
  }
  EXPECT_EQ(contents(path), "one two");
  EXPECT_EQ(entries_in(folder.path()), 1u);
}

TEST(AtomicFile, LeavesTheOldFileIfNotCommitted) {
  const TempFolder folder;
  const auto path = folder.write("out.txt", "old");
  {
    AtomicFile file(path);
    file.write("new");
  }
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(entries_in(folder.path()), 1u);
}

TEST(AtomicFile, KeepsALinkAndReplacesItsTarget) {
  const TempFolder folder;
  const auto target = folder.write("target", "old");
  const auto link = folder.path() / "link";
  fs::create_symlink(target, link);
  write_file(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(contents(target), "new");
}

TEST(AtomicFile, HasTheModeOfANewFile) {
  const TempFolder folder;
  const auto path = folder.path() / "out";
  write_file(path, "x");
  folder.write("plain", "x");
  EXPECT_EQ(
      fs::status(path).permissions(),
      fs::status(folder.path() / "plain").permissions());
}

TEST(AtomicFile, NamesATargetThatCannotBeWritten) {
  const TempFolder folder;
  expect_error<OutputError>(
      [&] { AtomicFile(folder.path() / "none" / "out.txt"); },
      {"out.txt", "No such file or directory"});
  expect_error<OutputError>(
      [&] { AtomicFile file(folder.path()); },
      {"Is a directory"});
}

TEST(AtomicFile, ReportsAFullDisk) {
  if (!fs::exists("/dev/full"))
    GTEST_SKIP() << "no /dev/full here";
  expect_error<OutputError>(
      [] { write_file("/dev/full", "x"); },
      {"/dev/full", "No space left"});
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST(AtomicFile, InAFolderToComeIsToldByTheNameToCome) {
  const TempFolder folder;
  AtomicFolder out(folder.path() / "model.v1");
  fs::create_directory(out.temporary() / "a");
  expect_error<OutputError>(
      [&] { AtomicFile file(out.temporary() / "a"); },
      {(folder.path() / "model.v1" / "a: ").string(), "choose another place"});
  // Of a name that only looks like one, nothing is taken off.
  const fs::path odd = folder.path() / ".model.1.tmp";
  fs::create_directories(odd / "a");
  expect_error<OutputError>(
      [&] { AtomicFile file(odd / "a"); },
      {(odd / "a: ").string()});
}

TEST(CheckFolder, LeavesNothingAndNamesTheFolder) {
  const TempFolder folder;
  check_folder(folder.path());
  EXPECT_EQ(entries_in(folder.path()), 0u);
  expect_error<OutputError>(
      [&] { check_folder(folder.path() / "none"); },
      {"none: no file can be made in this folder", "make its folder first"});
}

TEST(AtomicFolder, AppearsOnlyWhenCommitted) {
  const TempFolder folder;
  const auto path = folder.path() / "deep" / "model";
  {
    AtomicFolder out(path);
    write_file(out.temporary() / "a", "1");
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(entries_in(folder.path() / "deep"), 0u);
  AtomicFolder out(path);
  write_file(out.temporary() / "a", "2");
  out.commit();
  EXPECT_EQ(contents(path / "a"), "2");
  EXPECT_EQ(entries_in(folder.path() / "deep"), 1u);
}

TEST(AtomicFolder, ReplacesAWholeFolder) {
  const TempFolder folder;
  folder.write("model/old", "1");
  AtomicFolder out(folder.path() / "model/");
  write_file(out.temporary() / "new", "2");
  out.commit();
  EXPECT_FALSE(fs::exists(folder.path() / "model" / "old"));
  EXPECT_EQ(contents(folder.path() / "model" / "new"), "2");
  EXPECT_EQ(entries_in(folder.path()), 1u);
}

TEST(AtomicFolder, ClearsWhatAKilledProcessLeft) {
  const TempFolder folder;
  folder.write("model/old", "1");
  folder.write(".model.999999999.0.tmp/half", "x");  // above any process id
  folder.write(".model.1.0.tmp/half", "x");          // of a process that lives
  folder.write(".models.999999999.0.tmp/half", "x"); // of another target
  AtomicFolder out(folder.path() / "model");
  EXPECT_FALSE(fs::exists(folder.path() / ".model.999999999.0.tmp"));
  EXPECT_TRUE(fs::exists(folder.path() / ".model.1.0.tmp"));
  EXPECT_TRUE(fs::exists(folder.path() / ".models.999999999.0.tmp"));
}

TEST(AtomicFolder, RefusesTheNameOfAFile) {
  const TempFolder folder;
  const auto path = folder.write("model", "x");
  expect_error<OutputError>(
      [&] { AtomicFolder out(path); },
      {"model", "a file has this name: move the file away"});
}

TEST(Paths, CacheIsWhereTheEnvironmentSays) {
  const char* before = std::getenv("MLXAUDIO_CACHE");
  const std::string saved = before != nullptr ? before : "";
  ::setenv("MLXAUDIO_CACHE", "/some/where", 1);
  EXPECT_EQ(cache_dir(), "/some/where");
  ::setenv("MLXAUDIO_CACHE", "", 1);
  const char* home = std::getenv("HOME");
  ASSERT_NE(home, nullptr);
  EXPECT_EQ(cache_dir(), fs::path(home) / ".cache/mlx-audio");
  if (before != nullptr)
    ::setenv("MLXAUDIO_CACHE", saved.c_str(), 1);
  else
    ::unsetenv("MLXAUDIO_CACHE");
}

TEST(ThrowError, ThrowsTheClassOfTheCode) {
  EXPECT_THROW(throw_error(ErrorCode::config, ""), ConfigError);
  EXPECT_THROW(throw_error(ErrorCode::weights, ""), WeightError);
  EXPECT_THROW(throw_error(ErrorCode::audio, ""), AudioError);
  EXPECT_THROW(throw_error(ErrorCode::token, ""), TokenError);
  EXPECT_THROW(throw_error(ErrorCode::unsupported, ""), UnsupportedError);
  EXPECT_THROW(throw_error(ErrorCode::argument, ""), ArgumentError);
  EXPECT_THROW(throw_error(ErrorCode::output, ""), OutputError);
  EXPECT_THROW(throw_error(ErrorCode::interrupted, ""), InterruptedError);
}

} // namespace
} // namespace mlxaudio
