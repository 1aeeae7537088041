// SPDX-License-Identifier: MIT
#include "audio/write_wav.h"

#include <limits>

#include <gtest/gtest.h>

#include "audio/testing.h"

namespace mlxaudio {
namespace {

TEST(WriteWav, RoundTripOf16BitSteps) {
  const testing::TemporaryFolder folder;
  testing::Noise noise;
  Audio audio{.samples = {}, .sample_rate = 16000};
  for (int i = 0; i < 70001; ++i) {
    audio.samples.push_back(static_cast<float>(noise.bits(16)) / 32768.0F);
  }
  write_wav(folder / "a.wav", audio);
  const Audio back = read_audio(folder / "a.wav");
  EXPECT_EQ(back.samples, audio.samples);
  EXPECT_EQ(back.sample_rate, 16000);
}

TEST(WriteWav, IsTheFileThatOthersWouldWrite) {
  const testing::TemporaryFolder folder;
  const auto samples = testing::sine(440, 22050, 1001);
  Audio audio{.samples = {}, .sample_rate = 22050};
  for (const auto sample : samples) {
    audio.samples.push_back(static_cast<float>(sample) / 32768.0F);
  }
  write_wav(folder / "a.wav", audio);
  EXPECT_EQ(
      testing::read_bytes(folder / "a.wav"),
      testing::wav_bytes({.sample_rate = 22050}, testing::bytes_of(samples)));
  write_wav(folder / "f.wav", audio, WavFormat::float32);
  EXPECT_EQ(
      testing::read_bytes(folder / "f.wav"),
      testing::wav_bytes(
          {.sample_rate = 22050, .bits = 32, .is_float = true},
          testing::bytes_of(audio.samples)));
}

TEST(WriteWav, ClipsAtFullScale) {
  const testing::TemporaryFolder folder;
  write_wav(
      folder / "a.wav",
      {.samples = {2.0F, -2.0F, 1.0F}, .sample_rate = 16000});
  EXPECT_EQ(
      testing::steps(read_audio(folder / "a.wav").samples),
      (std::vector{32767, -32768, 32767}));
}

TEST(WriteWav, LeavesNothingBehindWhenSamplesAreNotNumbers) {
  const testing::TemporaryFolder folder;
  const Audio audio{
      .samples = {0.0F, std::numeric_limits<float>::quiet_NaN()},
      .sample_rate = 16000};
  EXPECT_THROW(write_wav(folder / "a.wav", audio), AudioError);
  EXPECT_TRUE(std::filesystem::is_empty(folder / ""));
}

TEST(WriteWav, NamesAFolderThatIsNotThere) {
  const testing::TemporaryFolder folder;
  try {
    write_wav(folder / "no/a.wav", {.samples = {0.0F}, .sample_rate = 16000});
    FAIL();
  } catch (const OutputError& error) {
    EXPECT_NE(std::string(error.what()).find("no/a.wav"), std::string::npos);
  }
}

} // namespace
} // namespace mlxaudio
