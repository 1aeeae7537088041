// SPDX-License-Identifier: MIT
#include "audio/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audio/input_file.h"
#include "audio/sound_file.h"
#include "audio/testing.h"

namespace mlxaudio {
namespace {

using ::testing::AllOf;
using testing::bytes_of;
using testing::error_of_reading;
using ::testing::HasSubstr;
using testing::sine;
using testing::steps;
using testing::TemporaryFolder;
using testing::wav_bytes;
using testing::write_bytes;

// Sets a variable of the environment for the length of a test.
class Environment {
 public:
  Environment(std::string name, const std::string& value)
      : name_(std::move(name)) {
    if (const char* old = std::getenv(name_.c_str())) {
      old_ = old;
    }
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    ::setenv(name_.c_str(), old_.c_str(), 1);
  }

 private:
  std::string name_;
  std::string old_;
};

// Makes root another user, who may not read everything, for the length of a
// test.
class NotRoot {
 public:
  NotRoot() : was_(::geteuid()) {
    constexpr uid_t kNobody = 65534;
    if (was_ == 0 && ::seteuid(kNobody) != 0) {
      std::cerr << "root stays root: " << std::strerror(errno) << '\n';
    }
  }
  NotRoot(const NotRoot&) = delete;
  NotRoot& operator=(const NotRoot&) = delete;
  ~NotRoot() {
    if (::seteuid(was_) != 0) {
      std::abort();
    }
  }

 private:
  uid_t was_;
};

class Reader : public ::testing::Test {
 protected:
  std::filesystem::path file(
      const testing::WavHeader& header, const std::string& samples) {
    const auto path = folder_ / "a.wav";
    write_bytes(path, wav_bytes(header, samples));
    return path;
  }
  /// What PATH is when no ffmpeg is installed.
  std::string empty_path() {
    return folder_ / "";
  }

  TemporaryFolder folder_;
};

TEST_F(Reader, Mono16BitIsAsItIs) {
  const auto samples = sine(440, 16000, 20011, 0.9);
  const Audio audio = read_audio(file({}, bytes_of(samples)));
  EXPECT_EQ(audio.sample_rate, 16000);
  ASSERT_EQ(audio.samples.size(), samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    ASSERT_EQ(audio.samples[i], static_cast<float>(samples[i]) / 32768.0F);
  }
}

TEST_F(Reader, EightBit) {
  const std::vector<std::uint8_t> samples = {0, 64, 128, 129, 255};
  EXPECT_EQ(
      steps(read_audio(file({.bits = 8}, bytes_of(samples))).samples),
      (std::vector{-32768, -16384, 0, 256, 32512}));
}

TEST_F(Reader, TwentyFourBitMonoIsCut) {
  const std::vector<std::int32_t> samples = {0x1ff, -1, 0x7fffff, -0x800000};
  EXPECT_EQ(
      steps(read_audio(file({.bits = 24}, bytes_of(samples, 3))).samples),
      (std::vector{1, -1, 32767, -32768}));
}

TEST_F(Reader, FloatIsRoundedAndClipped) {
  const std::vector<float> samples = {0.5F, 1.5F / 32768, 1.25F, -3.0F};
  EXPECT_EQ(
      steps(read_audio(file({.bits = 32, .is_float = true}, bytes_of(samples)))
                .samples),
      (std::vector{16384, 2, 32767, -32768}));
  const std::vector<double> doubles = {0.25, -0.25, 2.5 / 32768};
  EXPECT_EQ(
      steps(read_audio(file({.bits = 64, .is_float = true}, bytes_of(doubles)))
                .samples),
      (std::vector{8192, -8192, 2}));
}

TEST_F(Reader, ThreeChannelsAreTwoAndASubwoofer) {
  const std::vector<std::int16_t> samples = {100, 201, 30000, -5, -6, -30000};
  EXPECT_EQ(
      steps(read_audio(file({.channels = 3}, bytes_of(samples))).samples),
      (std::vector{151, -5}));
}

TEST_F(Reader, NamedChannelsAreMixedByTheirNames) {
  // Front left, front right, front centre.
  const std::vector<std::int16_t> samples = {0, 0, 10000, 10000, 0, 0};
  EXPECT_EQ(
      steps(read_audio(file({.channels = 3, .mask = 7}, bytes_of(samples)))
                .samples),
      (std::vector{4142, 2929}));
}

TEST_F(Reader, A192KilohertzFileIsResampled) {
  const Audio audio = read_audio(
      file({.sample_rate = 192000}, bytes_of(sine(1000, 192000, 192000))));
  ASSERT_EQ(audio.samples.size(), 16000U);
  const auto expected = sine(1000, 16000, 16000);
  for (std::size_t i = 1000; i < 15000; ++i) {
    ASSERT_NEAR(audio.samples[i] * 32768, expected[i], 1.6) << i;
  }
  for (const float x : audio.samples) {
    ASSERT_EQ(x * 32768, std::nearbyint(x * 32768));
  }
}

TEST_F(Reader, OneSample) {
  const std::vector<std::int16_t> one = {1234};
  EXPECT_EQ(
      steps(read_audio(file({}, bytes_of(one))).samples),
      (std::vector{1234}));
  EXPECT_EQ(
      read_audio(file({.sample_rate = 192000}, bytes_of(one))).samples.size(),
      1U);
}

TEST_F(Reader, BlocksDoNotMatter) {
  const auto path = file(
      {.sample_rate = 44100, .channels = 2},
      bytes_of(sine(300, 44100, 100002)));
  const auto whole = read_audio(path).samples;
  AudioReader reader(path);
  EXPECT_EQ(reader.sample_rate(), 16000);
  EXPECT_EQ(reader.info().sample_rate, 44100);
  EXPECT_EQ(reader.info().channels, 2);
  EXPECT_NEAR(*reader.info().duration, 50001 / 44100.0, 1e-9);
  EXPECT_THAT(reader.info().format, HasSubstr("16 bit"));
  std::vector<float> parts;
  std::vector<float> block(777);
  while (true) {
    const std::size_t got = reader.read(block);
    parts.insert(
        parts.end(),
        block.begin(),
        block.begin() + static_cast<std::ptrdiff_t>(got));
    if (got < block.size()) {
      break;
    }
  }
  EXPECT_EQ(reader.read(block), 0U);
  EXPECT_EQ(parts, whole);
}

TEST_F(Reader, MissingFile) {
  EXPECT_THAT(
      error_of_reading(folder_ / "no.wav"),
      AllOf(HasSubstr("no.wav"), HasSubstr("does not exist")));
}

TEST_F(Reader, EmptyFile) {
  write_bytes(folder_ / "e.wav", "");
  EXPECT_THAT(
      error_of_reading(folder_ / "e.wav"),
      AllOf(HasSubstr("e.wav"), HasSubstr("is empty")));
}

TEST_F(Reader, NoSamples) {
  EXPECT_THAT(
      error_of_reading(file({}, "")),
      AllOf(HasSubstr("a.wav"), HasSubstr("holds no sound")));
  EXPECT_THAT(
      error_of_reading(file({.sample_rate = 44100}, "")),
      HasSubstr("holds no sound"));
  // Also for who reads in blocks; a wish for nothing is not the end.
  AudioReader reader(folder_ / "a.wav");
  std::vector<float> block(100);
  EXPECT_EQ(reader.read(std::span(block).first(0)), 0U);
  EXPECT_THROW(reader.read(block), AudioError);
}

TEST_F(Reader, Folder) {
  EXPECT_THAT(error_of_reading(folder_ / ""), HasSubstr("is a folder"));
}

TEST_F(Reader, ForbiddenFile) {
  const auto path = file({}, bytes_of(sine(440, 16000, 100)));
  std::filesystem::permissions(path, std::filesystem::perms::none);
  std::filesystem::permissions(
      path.parent_path(),
      std::filesystem::perms::others_exec,
      std::filesystem::perm_options::add);
  const NotRoot user;
  if (::geteuid() == 0) {
    GTEST_SKIP() << "NOT TESTED: root may read everything, and may not become "
                    "another here";
  }
  EXPECT_THAT(
      error_of_reading(path),
      AllOf(HasSubstr("a.wav"), HasSubstr("permissions")));
}

TEST_F(Reader, CutShort) {
  const auto whole = wav_bytes({}, bytes_of(sine(440, 16000, 1000)));
  const auto path = folder_ / "cut.wav";
  write_bytes(path, whole.substr(0, whole.size() / 2));
  EXPECT_THAT(
      error_of_reading(path),
      AllOf(HasSubstr("cut.wav"), HasSubstr("cut short")));
}

TEST_F(Reader, WavThatWasWrittenToAPipeHasNoLength) {
  for (const char* length :
       {"\xff\xff\xff\xff", "\xff\xff\xff\x7f", "\x00\xf0\xff\x7f"}) {
    auto bytes = wav_bytes({}, bytes_of(sine(440, 16000, 1000)));
    bytes.replace(40, 4, std::string(length, 4));
    bytes.replace(4, 4, std::string(length, 4));
    write_bytes(folder_ / "pipe.wav", bytes);
    EXPECT_EQ(read_audio(folder_ / "pipe.wav").samples.size(), 1000U);
  }
}

TEST_F(Reader, HeaderWithAnAbsurdRate) {
  for (const int rate : {0, 1, 2'000'000'000}) {
    EXPECT_THAT(
        error_of_reading(
            file({.sample_rate = rate}, bytes_of(sine(440, 16000, 100)))),
        HasSubstr("a.wav"))
        << rate;
  }
}

TEST_F(Reader, SamplesThatAreNoWholeBytesAreInTheUpperBits) {
  // As ffmpeg reads them, too.
  EXPECT_EQ(
      steps(read_audio(file({.bits = 7}, "\x80\xfe\x02")).samples),
      (std::vector{0, 126 * 256, -126 * 256}));
  const std::vector<std::int16_t> samples = {0x7ff0, -0x7ff0, 0x10};
  EXPECT_EQ(
      steps(read_audio(file({.bits = 12}, bytes_of(samples))).samples),
      (std::vector{0x7ff0, -0x7ff0, 0x10}));
}

TEST_F(Reader, HeaderWhoseBitsDoNotMakeItsBytes) {
  constexpr std::size_t kBits = 34; // of a sample, in a header of 44 bytes
  for (const char bits : {'\x01', '\x07', '\x11'}) {
    auto bytes = wav_bytes({}, bytes_of(sine(440, 16000, 100)));
    bytes[kBits] = bits;
    write_bytes(folder_ / "a.wav", bytes);
    EXPECT_THAT(
        error_of_reading(folder_ / "a.wav"),
        AllOf(
            HasSubstr("a.wav"),
            HasSubstr(
                "2 bytes for 1 sample of " + std::to_string(bits) + " bits"),
            HasSubstr("get a whole copy")));
  }
}

TEST_F(Reader, NotesBeforeTheFormatAreNoFormat) {
  const std::vector<std::int16_t> samples = {100, -200, 300};
  auto bytes = wav_bytes({}, bytes_of(samples));
  const std::string note = "fmt " + std::string(20, '\0');
  std::string chunk = "LIST";
  chunk += static_cast<char>(note.size());
  chunk += std::string(3, '\0') + note;
  bytes.insert(bytes.begin() + 12, chunk.begin(), chunk.end());
  write_bytes(folder_ / "a.wav", bytes);
  EXPECT_EQ(
      steps(read_audio(folder_ / "a.wav").samples),
      (std::vector{100, -200, 300}));
}

TEST_F(Reader, ManyChannelsWithoutNames) {
  const std::vector<std::int16_t> samples(90, 1);
  EXPECT_THAT(
      error_of_reading(file({.channels = 9}, bytes_of(samples))),
      AllOf(HasSubstr("a.wav"), HasSubstr("9 channels"), HasSubstr("pan=")));
}

TEST_F(Reader, SamplesThatAreNotNumbersAreNamedByTheirPlace) {
  std::vector<float> samples(20000, 0.25F);
  samples[16001] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(
      error_of_reading(file(
          {.channels = 2, .bits = 32, .is_float = true},
          bytes_of(samples))),
      AllOf(
          HasSubstr("a.wav"),
          HasSubstr("NaN at sample 8000 (0.500 s) of channel 2")));
  samples[16001] = -std::numeric_limits<float>::infinity();
  EXPECT_THAT(
      error_of_reading(file({.bits = 32, .is_float = true}, bytes_of(samples))),
      HasSubstr("infinity at sample 16001"));
  // At another rate too, where they would spread.
  EXPECT_THAT(
      error_of_reading(file(
          {.sample_rate = 48000, .bits = 32, .is_float = true},
          bytes_of(samples))),
      HasSubstr("infinity at sample 16001"));
}

TEST_F(Reader, TextIsNotAudio) {
  write_bytes(folder_ / "notes.wav", std::string(5000, 'x') + "\n");
  EXPECT_THAT(error_of_reading(folder_ / "notes.wav"), HasSubstr("notes.wav"));
}

TEST_F(Reader, WithoutFfmpegTheMessageSaysToInstallIt) {
  const Environment path("PATH", empty_path());
  write_bytes(folder_ / "film.mkv", "\x1a\x45\xdf\xa3 something");
  EXPECT_THAT(
      error_of_reading(folder_ / "film.mkv"),
      AllOf(HasSubstr("film.mkv"), HasSubstr("install ffmpeg")));
}

TEST_F(Reader, HeaderlessSamplesAreNotGuessed) {
  write_bytes(folder_ / "a.raw", bytes_of(sine(440, 16000, 16000)));
  EXPECT_THAT(
      error_of_reading(folder_ / "a.raw"),
      AllOf(HasSubstr("a.raw"), HasSubstr("no header"), HasSubstr("s16le")));
  // libsndfile takes these endings for headerless formats.
  const Environment path("PATH", empty_path());
  for (const char* name : {"a.vox", "a.gsm", "a.au", "a.snd"}) {
    write_bytes(folder_ / name, std::string(4000, 'x'));
    EXPECT_THAT(error_of_reading(folder_ / name), HasSubstr(name));
  }
}

TEST_F(Reader, ReadsFromAPipe) {
  const auto samples = sine(440, 16000, 50000);
  const auto pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer(
      [&] { write_bytes(pipe, wav_bytes({}, bytes_of(samples))); });
  const Audio audio = read_audio(pipe);
  writer.join();
  EXPECT_EQ(audio.samples.size(), samples.size());
}

TEST_F(Reader, ReadsTheStandardInput) {
  const auto samples = sine(440, 16000, 50000);
  const auto path = file({}, bytes_of(samples));
  const int saved = ::dup(STDIN_FILENO);
  const int opened = ::open(path.c_str(), O_RDONLY);
  ASSERT_GE(::dup2(opened, STDIN_FILENO), 0);
  const Audio audio = read_audio("-");
  EXPECT_THAT(
      error_of_reading("-"), // at its end
      AllOf(HasSubstr("standard input"), HasSubstr("empty")));
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  ::close(opened);
  EXPECT_EQ(audio.samples.size(), samples.size());
}

TEST_F(Reader, WhatLibsndfileRefusesStaysOpen) {
  // Cut within the description of the samples.
  const auto path = folder_ / "cut.wav";
  write_bytes(
      path,
      wav_bytes({}, bytes_of(sine(440, 16000, 100))).substr(0, 30));
  const InputFile input(path);
  EXPECT_EQ(open_sound_file(input, 16000).source, nullptr);
  EXPECT_GE(::fcntl(input.descriptor(), F_GETFD), 0);
}

// A stand-in for ffmpeg, so that what is asked of it, and what becomes of its
// answers, is tested everywhere.
class FakeFfmpeg : public Reader {
 protected:
  void install(const std::string& script) {
    write_bytes(folder_ / "ffmpeg", "#!/bin/sh\n" + script);
    std::filesystem::permissions(
        folder_ / "ffmpeg",
        std::filesystem::perms::owner_all);
    write_bytes(folder_ / "a.m4a", "not a format that libsndfile knows");
  }
  std::string path() {
    return empty_path() + ":/usr/bin:/bin";
  }
};

TEST_F(FakeFfmpeg, GivesItsSamples) {
  install("printf '\\001\\000\\377\\377\\000\\200'");
  const Environment environment("PATH", path());
  EXPECT_EQ(
      steps(read_audio(folder_ / "a.m4a").samples),
      (std::vector{1, -1, -32768}));
}

TEST_F(FakeFfmpeg, IsAskedWhatTheReferenceAsks) {
  install("echo \"$@\" >&2; exit 1");
  const Environment environment("PATH", path());
  EXPECT_THAT(
      error_of_reading(folder_ / "a.m4a"),
      HasSubstr(
          "-i file:" + (folder_ / "a.m4a").string() +
          " -f s16le -ac 1 -acodec pcm_s16le -ar 16000 -"));
}

TEST_F(FakeFfmpeg, ItsLastWordsExplainAFailure) {
  install(
      "printf '\\001\\000'; echo first >&2; echo moov atom not found >&2; exit "
      "3");
  const Environment environment("PATH", path());
  EXPECT_THAT(
      error_of_reading(folder_ / "a.m4a"),
      AllOf(
          HasSubstr("a.m4a"),
          HasSubstr("(ffmpeg: moov atom not found)"),
          ::testing::Not(HasSubstr("first"))));
}

TEST_F(FakeFfmpeg, DeathBySignal) {
  install("kill -9 $$");
  const Environment environment("PATH", path());
  EXPECT_THAT(error_of_reading(folder_ / "a.m4a"), HasSubstr("signal 9"));
}

TEST_F(FakeFfmpeg, ManyWordsDoNotBlockIt) {
  install(
      "i=0; while [ $i -lt 4000 ]; do echo "
      "'a line of warning that is fairly long, again and again' >&2; "
      "i=$((i+1)); done; printf '\\005\\000'");
  const Environment environment("PATH", path());
  EXPECT_EQ(steps(read_audio(folder_ / "a.m4a").samples), (std::vector{5}));
}

TEST_F(FakeFfmpeg, IsEndedWithItsReader) {
  install(
      "echo $$ > '" + (folder_ / "pid").string() +
      "'; while :; do printf '\\005\\000\\005\\000'; done");
  const Environment environment("PATH", path());
  {
    AudioReader reader(folder_ / "a.m4a");
    std::vector<float> block(100);
    EXPECT_EQ(reader.read(block), block.size());
  }
  const int pid = std::atoi(testing::read_bytes(folder_ / "pid").c_str());
  ASSERT_GT(pid, 1);
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(FakeFfmpeg, ThatCannotBeRunIsNamed) {
  install("");
  write_bytes(
      folder_ / "ffmpeg",
      "\x7f"
      "ELF damaged");
  const Environment environment("PATH", path());
  EXPECT_THAT(
      error_of_reading(folder_ / "a.m4a"),
      AllOf(HasSubstr("a.m4a"), HasSubstr("ffmpeg")));
}

} // namespace
} // namespace mlxaudio
