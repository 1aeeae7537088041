// SPDX-License-Identifier: MIT
// Whole files in every format, against their own samples and against ffmpeg.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include "audio/ffmpeg.h"
#include "audio/reader.h"
#include "audio/testing.h"
#include "core/paths.h"

namespace mlxaudio {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using testing::Noise;
using testing::steps;
using testing::TemporaryFolder;
using testing::wav_bytes;
using testing::write_bytes;

std::vector<fs::path> wav_files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".wav") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> speech_files() {
  const char* shared = std::getenv("MLXAUDIO_SHARED");
  std::vector<fs::path> files;
  for (const fs::path& folder :
       {(shared != nullptr ? fs::path(shared)
                           : fs::path(MLXAUDIO_SOURCE_DIR) / "../shared") /
            "audio",
        cache_dir() / "audio/librivox",
        cache_dir() / "audio/cards"}) {
    const auto found = wav_files_in(folder);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

// Mono 16-bit samples of a WAV file and its rate, read without libsndfile.
struct PlainWav {
  int sample_rate = 0;
  std::vector<int> samples;
};

PlainWav plain_wav(const fs::path& file) {
  const std::string bytes = testing::read_bytes(file);
  const auto number = [&](std::size_t at, std::size_t n) {
    std::uint32_t value = 0;
    for (std::size_t i = n; i-- > 0;) {
      value = value << 8 | static_cast<std::uint8_t>(bytes.at(at + i));
    }
    return value;
  };
  PlainWav wav;
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::string name = bytes.substr(at, 4);
    const std::size_t length = number(at + 4, 4);
    if (name == "fmt ") {
      EXPECT_EQ(number(at + 10, 2), 1U) << "channels of " << file;
      EXPECT_EQ(number(at + 22, 2), 16U) << "bits of " << file;
      wav.sample_rate = static_cast<int>(number(at + 12, 4));
    }
    if (name == "data") {
      for (std::size_t i = 0; i + 1 < length; i += 2) {
        wav.samples.push_back(static_cast<std::int16_t>(number(at + 8 + i, 2)));
      }
    }
    at += 8 + length + length % 2;
  }
  return wav;
}

// What the reference hears: the same command as its load_audio.
std::vector<int> ffmpeg_samples(const fs::path& file) {
  const std::string command = fmt::format(
      "{} -nostdin -v error -threads 0 -i '{}' -f s16le -ac 1 "
      "-acodec pcm_s16le -ar 16000 -",
      find_ffmpeg()->string(),
      file.string());
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      ::popen(command.c_str(), "r"),
      ::pclose);
  std::vector<int> out;
  std::array<std::int16_t, 4096> block{};
  while (const std::size_t got = std::fread(
             block.data(),
             sizeof(std::int16_t),
             block.size(),
             pipe.get())) {
    out.insert(
        out.end(),
        block.begin(),
        block.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return out;
}

void ffmpeg(const std::string& arguments) {
  const std::string command = fmt::format(
      "{} -nostdin -v error -y {}",
      find_ffmpeg()->string(),
      arguments);
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

double signal_to_noise(const std::vector<int>& a, const std::vector<int>& b) {
  double signal = 0;
  double noise = 1e-9;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    signal += static_cast<double>(a[i]) * a[i];
    noise += static_cast<double>(a[i] - b[i]) * (a[i] - b[i]);
  }
  return 10 * std::log10(signal / noise);
}

// Two seconds that sound a little like a voice: a gliding tone with overtones
// that comes and goes.
std::vector<std::int16_t> voice(int sample_rate, double seconds = 2) {
  std::vector<std::int16_t> out(
      static_cast<std::size_t>(sample_rate * seconds));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double t = static_cast<double>(i) / sample_rate;
    const double phase =
        2 * std::numbers::pi * (140 * t - 40.0 / 3 * std::cos(3 * t));
    double x = 0;
    for (int k = 1; k <= 12; ++k) {
      x += std::sin(k * phase) / k;
    }
    const double loudness = std::pow(std::sin(2 * std::numbers::pi * t), 2);
    out[i] = static_cast<std::int16_t>(std::lrint(9000 * loudness * x));
  }
  return out;
}

std::vector<int> ints(const std::vector<std::int16_t>& samples) {
  return {samples.begin(), samples.end()};
}

void write_sound(
    const fs::path& file,
    int format,
    int sample_rate,
    const std::vector<std::int16_t>& samples) {
  SF_INFO info{};
  info.samplerate = sample_rate;
  info.channels = 1;
  info.format = format;
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> out(
      sf_open(file.c_str(), SFM_WRITE, &info),
      sf_close);
  ASSERT_NE(out, nullptr) << sf_strerror(nullptr);
  // For formats of real numbers: 32768 is 1.
  sf_command(out.get(), SFC_SET_SCALE_INT_FLOAT_WRITE, nullptr, SF_TRUE);
  const auto n = static_cast<sf_count_t>(samples.size());
  ASSERT_EQ(sf_writef_short(out.get(), samples.data(), n), n);
}

TEST(SpeechFiles, At16KilohertzAreReadBitForBit) {
  int n_read = 0;
  for (const fs::path& file : speech_files()) {
    const PlainWav wav = plain_wav(file);
    if (wav.sample_rate != 16000) {
      continue;
    }
    EXPECT_EQ(steps(read_audio(file).samples), wav.samples) << file;
    ++n_read;
  }
  if (n_read == 0) {
    GTEST_SKIP() << "no speech: run `make setup`, or set MLXAUDIO_SHARED";
  }
}

TEST(SpeechFiles, AreWhatFfmpegMakesOfThem) {
  if (!find_ffmpeg()) {
    GTEST_SKIP() << "no ffmpeg on PATH";
  }
  for (const fs::path& file : speech_files()) {
    const auto ours = steps(read_audio(file).samples);
    const auto theirs = ffmpeg_samples(file);
    ASSERT_EQ(ours.size(), theirs.size()) << file;
    if (plain_wav(file).sample_rate == 16000) {
      EXPECT_EQ(ours, theirs) << file;
    } else {
      // ffmpeg lets aliases through, and these clips are loud up there.
      EXPECT_GT(signal_to_noise(theirs, ours), 30) << file;
    }
  }
}

struct Format {
  const char* name;
  int format;
  int sample_rate;
  double signal_to_noise; ///< at least; infinite where nothing may be lost
};

void PrintTo(const Format& format, std::ostream* out) {
  *out << format.name;
}

class Formats : public ::testing::TestWithParam<Format> {};

constexpr double kLossless = 150;

INSTANTIATE_TEST_SUITE_P(
    Files,
    Formats,
    ::testing::Values(
        Format{"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, kLossless},
        Format{"wav24", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 16000, kLossless},
        Format{"wav32", SF_FORMAT_WAV | SF_FORMAT_PCM_32, 16000, kLossless},
        Format{"wavfloat", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, kLossless},
        Format{"wavdouble", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 16000, kLossless},
        Format{"wavu8", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 16000, 25},
        Format{"wavulaw", SF_FORMAT_WAV | SF_FORMAT_ULAW, 16000, 30},
        Format{"rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 16000, kLossless},
        Format{"w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 16000, kLossless},
        Format{"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 16000, kLossless},
        Format{"caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16, 16000, kLossless},
        Format{"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, kLossless},
        Format{"flac24", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 16000, kLossless},
        Format{"ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 16000, 15},
        Format{"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 16000, 10},
        Format{"wav8k", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 50},
        Format{"flac44k", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 50},
        Format{"ogg44k", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 15},
        Format{"opus48k", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 10},
        Format{"wav192k", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 192000, 50}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(Formats, ComeBackAsTheyWere) {
  const Format& format = GetParam();
  const TemporaryFolder folder;
  const fs::path file = folder / "sound";
  write_sound(
      file,
      format.format,
      format.sample_rate,
      voice(format.sample_rate));
  const auto got = steps(read_audio(file).samples);
  const auto expected = ints(voice(16000));
  ASSERT_EQ(got.size(), expected.size());
  // A delay of one sample would leave some 20 dB.
  EXPECT_GT(signal_to_noise(expected, got), format.signal_to_noise);
}

TEST(Mp3, ComesBackInPlace) {
  const TemporaryFolder folder;
  for (const int rate : {16000, 44100}) {
    const fs::path file = folder / "sound.mp3";
    write_sound(
        file,
        SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III,
        rate,
        voice(rate));
    const auto got = steps(read_audio(file).samples);
    const auto expected = ints(voice(16000));
    // Encoders fill up whole frames, and some do not say with how much.
    ASSERT_GE(got.size(), expected.size());
    EXPECT_LE(got.size(), expected.size() + 3 * 1152);
    EXPECT_GT(signal_to_noise(expected, got), 15) << rate;
  }
}

// The mix of every type and number of channels, bit for bit.
class LikeFfmpeg
    : public ::testing::TestWithParam<std::tuple<const char*, int>> {
 protected:
  void SetUp() override {
    if (!find_ffmpeg()) {
      GTEST_SKIP() << "no ffmpeg on PATH";
    }
  }
};

std::string noise_wav(
    const std::string& type, int channels, std::uint32_t mask) {
  constexpr int kFrames = 5003;
  Noise noise(static_cast<std::uint32_t>(channels));
  const auto n = std::size_t{kFrames} * static_cast<unsigned>(channels);
  testing::WavHeader header{.channels = channels, .mask = mask};
  const auto integers = [&](int bits) {
    header.bits = bits;
    std::vector<std::int32_t> out(n);
    std::generate(out.begin(), out.end(), [&] { return noise.bits(bits); });
    return out;
  };
  if (type == "u8") {
    auto samples = integers(8);
    for (auto& sample : samples) {
      sample += 128;
    }
    return wav_bytes(header, bytes_of(samples, 1));
  }
  if (type == "s16") {
    return wav_bytes(header, bytes_of(integers(16), 2));
  }
  if (type == "s24") {
    return wav_bytes(header, bytes_of(integers(24), 3));
  }
  if (type == "s32") {
    return wav_bytes(header, bytes_of(integers(32)));
  }
  header.is_float = true;
  if (type == "f32") {
    header.bits = 32;
    std::vector<float> samples(n);
    for (float& sample : samples) {
      sample = static_cast<float>(noise.real(1.2)); // some of it is clipped
    }
    return wav_bytes(header, bytes_of(samples));
  }
  header.bits = 64;
  std::vector<double> samples(n);
  for (double& sample : samples) {
    sample = noise.real(1.2);
  }
  return wav_bytes(header, bytes_of(samples));
}

INSTANTIATE_TEST_SUITE_P(
    Files,
    LikeFfmpeg,
    ::testing::Combine(
        ::testing::Values("u8", "s16", "s24", "s32", "f32", "f64"),
        ::testing::Values(1, 2, 3, 6, 8, 16)),
    [](const auto& test) {
      return fmt::format(
          "{}x{}",
          std::get<0>(test.param),
          std::get<1>(test.param));
    });

TEST_P(LikeFfmpeg, MixesAndRounds) {
  const auto& [type, channels] = GetParam();
  const TemporaryFolder folder;
  const fs::path file = folder / "a.wav";
  write_bytes(file, noise_wav(type, channels, 0));
  const auto ours = steps(read_audio(file).samples);
  const auto theirs = ffmpeg_samples(file);
  ASSERT_EQ(ours.size(), theirs.size());
  std::size_t n_different = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    n_different += ours[i] != theirs[i] ? 1 : 0;
    ASSERT_LE(std::abs(ours[i] - theirs[i]), 1) << i;
  }
  // ffmpeg's sum of more than three channels of doubles is a little coarser
  // than ours: about one sample in 20,000 rounds to the other side.
  EXPECT_LE(n_different, std::string(type) == "f64" && channels > 3 ? 3U : 0U);
}

TEST(LikeFfmpegToo, ChannelMasks) {
  if (!find_ffmpeg()) {
    GTEST_SKIP() << "no ffmpeg on PATH";
  }
  const TemporaryFolder folder;
  const fs::path file = folder / "a.wav";
  struct Case {
    int channels;
    std::uint32_t mask;
  };
  for (const Case c :
       {Case{1, 0x8},
        Case{2, 0xc},
        Case{2, 0x7}, // names more channels than there are
        Case{3, 0x7},
        Case{3, 0xb},
        Case{4, 0x33},
        Case{6, 0x60f},
        Case{7, 0x13f},
        Case{8, 0xff}}) {
    write_bytes(file, noise_wav("s16", c.channels, c.mask));
    EXPECT_EQ(steps(read_audio(file).samples), ffmpeg_samples(file))
        << c.channels << " channels, mask " << c.mask;
  }
  // What it refuses we refuse, and say why.
  for (const Case c : {Case{2, 0x30}, Case{2, 0x5}}) {
    write_bytes(file, noise_wav("s16", c.channels, c.mask));
    EXPECT_TRUE(ffmpeg_samples(file).empty());
    EXPECT_THAT(
        testing::error_of_reading(file),
        ::testing::HasSubstr("channels"));
  }
}

TEST(LikeFfmpegToo, ChannelsOfOtherFormats) {
  if (!find_ffmpeg()) {
    GTEST_SKIP() << "no ffmpeg on PATH";
  }
  const TemporaryFolder folder;
  const fs::path wav = folder / "a.wav";
  for (int channels = 1; channels <= 8; ++channels) {
    const auto mono = voice(16000, 1);
    std::vector<std::int16_t> samples;
    for (std::size_t i = 0; i < mono.size(); ++i) {
      for (int c = 0; c < channels; ++c) {
        const std::size_t late = std::size_t{500} * static_cast<unsigned>(c);
        samples.push_back(i < late ? std::int16_t{0} : mono[i - late]);
      }
    }
    write_bytes(wav, wav_bytes({.channels = channels}, bytes_of(samples)));
    for (const char* ending : {"flac", "aiff", "caf"}) {
      const fs::path file = folder / (std::string("a.") + ending);
      ffmpeg(fmt::format("-i '{}' '{}'", wav.string(), file.string()));
      EXPECT_EQ(steps(read_audio(file).samples), ffmpeg_samples(file))
          << ending << " of " << channels;
    }
    const fs::path file = folder / "a.ogg";
    ffmpeg(fmt::format(
        "-i '{}' -c:a libvorbis '{}'",
        wav.string(),
        file.string()));
    const auto ours = steps(read_audio(file).samples);
    const auto theirs = ffmpeg_samples(file);
    ASSERT_EQ(ours.size(), theirs.size());
    // Two decoders differ in last bits.
    EXPECT_GT(signal_to_noise(theirs, ours), 80) << "ogg of " << channels;
  }
}

TEST(LikeFfmpegToo, ApplesChannelLayouts) {
  if (!find_ffmpeg()) {
    GTEST_SKIP() << "no ffmpeg on PATH";
  }
  const TemporaryFolder folder;
  const fs::path wav = folder / "a.wav";
  struct Case {
    int channels;
    std::uint32_t mask;
  };
  for (const Case c :
       {Case{2, 0xc},
        Case{3, 0x7},
        Case{3, 0xb},
        Case{4, 0x33},
        Case{4, 0x107},
        Case{5, 0x37},
        Case{6, 0x3f},
        Case{6, 0x60f},
        Case{7, 0x13f},
        Case{8, 0xff}}) {
    write_bytes(wav, noise_wav("s16", c.channels, c.mask));
    for (const char* ending : {"aiff", "caf"}) {
      const fs::path file = folder / (std::string("a.") + ending);
      ffmpeg(fmt::format("-i '{}' '{}'", wav.string(), file.string()));
      EXPECT_EQ(steps(read_audio(file).samples), ffmpeg_samples(file))
          << ending << " of " << c.channels << " channels, mask " << c.mask;
    }
  }
}

TEST(LikeFfmpegToo, OtherContainers) {
  if (!find_ffmpeg()) {
    GTEST_SKIP() << "no ffmpeg on PATH";
  }
  const TemporaryFolder folder;
  const fs::path wav = folder / "a.wav";
  write_bytes(wav, wav_bytes({.sample_rate = 44100}, bytes_of(voice(44100))));
  for (const char* name : {"a.m4a", "a.webm", "a.mka", "it's -odd: name.mp4"}) {
    const fs::path file = folder / name;
    const fs::path plain =
        folder / (std::string("plain") + fs::path(name).extension().string());
    ffmpeg(fmt::format("-i '{}' '{}'", wav.string(), plain.string()));
    const auto theirs = ffmpeg_samples(plain);
    fs::rename(plain, file);
    EXPECT_EQ(steps(read_audio(file).samples), theirs) << name;
  }
}

TEST(LikeFfmpegToo, NumberOfSamplesAtOtherRates) {
  if (!find_ffmpeg()) {
    GTEST_SKIP() << "no ffmpeg on PATH";
  }
  const TemporaryFolder folder;
  const fs::path file = folder / "a.wav";
  for (const int rate : {8000, 11025, 22050, 24000, 44100, 48000, 96000}) {
    for (const double seconds : {1.0, 1.3333, 2.00071}) {
      write_bytes(
          file,
          wav_bytes({.sample_rate = rate}, bytes_of(voice(rate, seconds))));
      const auto ours = steps(read_audio(file).samples);
      const auto theirs = ffmpeg_samples(file);
      EXPECT_NEAR(
          static_cast<double>(ours.size()),
          static_cast<double>(theirs.size()),
          1)
          << rate;
      EXPECT_GT(signal_to_noise(theirs, ours), 40) << rate;
    }
  }
}

} // namespace
} // namespace mlxaudio
