// SPDX-License-Identifier: MIT
// Files that were cut short or have wrong bytes: an error that names the file,
// or sound, and never anything worse.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sndfile.h>

#include "audio/reader.h"
#include "audio/testing.h"

// LeakSanitizer asks for this. libsndfile 1.2 forgets what libvorbis made when
// an Ogg file turns out damaged while it is opened.
extern "C" const char* __lsan_default_suppressions() { // NOLINT: its own name
  return "leak:vorbis_info_init";
}

namespace mlxaudio {
namespace {

namespace fs = std::filesystem;

struct Kind {
  const char* name;
  int format;
  bool says_its_length; ///< so that every cut can be noticed
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

class Damaged : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    // libsndfile is what is tried here.
    ::setenv("PATH", (folder_ / "").c_str(), 1);
    SF_INFO info{};
    info.samplerate = 24000;
    info.channels = 1;
    info.format = GetParam().format;
    const fs::path whole = folder_ / "whole";
    {
      const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> out(
          sf_open(whole.c_str(), SFM_WRITE, &info),
          sf_close);
      ASSERT_NE(out, nullptr) << sf_strerror(nullptr);
      testing::Noise noise(1);
      auto samples = testing::sine(440, 24000, 48000);
      for (auto& sample : samples) {
        sample = static_cast<std::int16_t>(sample + (noise.bits(16) >> 3));
      }
      sf_writef_short(
          out.get(),
          samples.data(),
          static_cast<sf_count_t>(samples.size()));
    }
    bytes_ = testing::read_bytes(whole);
    ASSERT_GT(bytes_.size(), 1000U);
  }

  /// Whether there is sound in a file of these bytes.
  bool readable(const std::string& bytes) {
    const fs::path file = folder_ / "damaged.audio";
    testing::write_bytes(file, bytes);
    try {
      const Audio audio = read_audio(file);
      EXPECT_FALSE(audio.samples.empty());
      for (const float x : audio.samples) {
        if (!(x >= -1.0F && x <= 1.0F)) {
          ADD_FAILURE() << "sample " << x;
          break;
        }
      }
      return true;
    } catch (const AudioError& error) {
      EXPECT_NE(
          std::string(error.what()).find("damaged.audio"),
          std::string::npos)
          << error.what();
      return false;
    }
  }

  testing::TemporaryFolder folder_;
  std::string bytes_;
};

INSTANTIATE_TEST_SUITE_P(
    Files,
    Damaged,
    ::testing::Values(
        Kind{"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, true},
        Kind{"wavfloat", SF_FORMAT_WAV | SF_FORMAT_FLOAT, true},
        Kind{"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, true},
        Kind{"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, true},
        Kind{"ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, false},
        Kind{"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, false},
        Kind{"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, false},
        Kind{"caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16, false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(Damaged, WholeFileIsReadable) {
  EXPECT_TRUE(readable(bytes_));
}

TEST_P(Damaged, CutAtAnyLength) {
  std::vector<std::size_t> lengths;
  for (std::size_t n = 1; n < std::min<std::size_t>(bytes_.size(), 130);
       n += 3) {
    lengths.push_back(n);
  }
  for (std::size_t i = 1; i < 40; ++i) {
    lengths.push_back(bytes_.size() * i / 40);
  }
  lengths.push_back(bytes_.size() - 100);
  lengths.push_back(bytes_.size() - 1);
  for (const std::size_t n : lengths) {
    const bool sound = readable(bytes_.substr(0, n));
    EXPECT_FALSE(sound && GetParam().says_its_length)
        << "cut to " << n << " of " << bytes_.size();
  }
}

TEST_P(Damaged, HalfAFileIsNoticed) {
  if (std::string(GetParam().name) == "caf") {
    GTEST_SKIP() << "CAF's length is not looked at";
  }
  EXPECT_FALSE(readable(bytes_.substr(0, bytes_.size() / 2)));
}

TEST_P(Damaged, WrongBytes) {
  testing::Noise noise(7);
  for (int round = 0; round < 60; ++round) {
    std::string bytes = bytes_;
    // Mostly in the header, where they do most.
    const std::size_t reach = round % 3 == 0 ? bytes.size() : 200;
    for (int i = 0; i <= round % 8; ++i) {
      bytes[noise.next() % reach] = static_cast<char>(noise.next());
    }
    readable(bytes);
  }
}

TEST_P(Damaged, ZerosInTheMiddle) {
  std::string bytes = bytes_;
  bytes.replace(bytes.size() / 3, bytes.size() / 3, bytes.size() / 3, '\0');
  readable(bytes);
}

TEST_P(Damaged, MoreAtTheEnd) {
  readable(bytes_ + bytes_);
  readable(bytes_ + std::string(10000, '\0'));
}

} // namespace
} // namespace mlxaudio
