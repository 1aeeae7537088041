// SPDX-License-Identifier: MIT
#include "audio/declared_length.h"

#include <gtest/gtest.h>

#include "audio/testing.h"

namespace mlxaudio {
namespace {

class DeclaredLength : public ::testing::Test {
 protected:
  std::optional<std::uint64_t> of(const std::string& bytes) {
    testing::write_bytes(folder_ / "a", bytes);
    return declared_length(InputFile(folder_ / "a"));
  }

  testing::TemporaryFolder folder_;
};

const std::string kSamples(1000, 's');

TEST_F(DeclaredLength, Wav) {
  const auto wav = testing::wav_bytes({}, kSamples);
  EXPECT_EQ(of(wav), wav.size());
  EXPECT_EQ(of(wav + "more"), wav.size());
  EXPECT_EQ(of(wav.substr(0, 100)), wav.size());
  EXPECT_EQ(of(wav.substr(0, 20)), std::nullopt);
}

TEST_F(DeclaredLength, WavWithOtherChunksFirst) {
  auto wav = testing::wav_bytes({}, kSamples);
  const std::string list = std::string("LIST\x05\0\0\0", 8) + "12345" +
                           std::string(1, '\0'); // chunks begin at even places
  wav.insert(36, list);
  EXPECT_EQ(of(wav), wav.size());
}

TEST_F(DeclaredLength, LongWav) {
  auto wav = testing::wav_bytes({}, kSamples);
  wav.replace(0, 4, "RF64");
  wav.replace(40, 4, std::string(4, '\xff'));
  std::string ds64("ds64\x1c\0\0\0", 8);
  ds64 += std::string(8, '\0');                 // of the whole
  ds64 += std::string("\0\0\0\0\x02\0\0\0", 8); // of the samples: 8 GiB
  ds64 += std::string(12, '\0');
  wav.insert(12, ds64);
  EXPECT_EQ(of(wav), (std::uint64_t{2} << 32) + 44 + ds64.size());
}

TEST_F(DeclaredLength, Aiff) {
  std::string aiff = "FORM";
  aiff += std::string("\0\0\x04\0", 4) + "AIFF";
  aiff += "SSND" + std::string("\0\0\x03\xe8", 4) + kSamples;
  EXPECT_EQ(of(aiff), aiff.size());
  EXPECT_EQ(of(aiff.substr(0, 500)), aiff.size());
}

TEST_F(DeclaredLength, OggPage) {
  std::string page = "OggS" + std::string(22, '\0');
  page += std::string("\x02\xff\x0a", 3) + std::string(265, 'b');
  EXPECT_EQ(of(page + page), 2 * page.size());
  EXPECT_EQ(of(page + page.substr(0, 100)), 2 * page.size());
  EXPECT_GT(of(page + page.substr(0, 20)).value(), page.size() + 20);
}

TEST_F(DeclaredLength, Mp3) {
  std::string mp3 = "\xff\xf3\x44\xc4" + std::string(32, '\0') + "Info";
  mp3 += std::string("\0\0\0\x03", 4); // has frames and bytes
  mp3 += std::string("\0\0\x01\0", 4); // frames
  mp3 += std::string("\0\1\0\0", 4);   // bytes
  mp3 += std::string(1000, '\0');
  EXPECT_EQ(of(mp3), 65536U - 2048);
  // A tag of 10 + 5 bytes before it.
  EXPECT_EQ(
      of(std::string("ID3\x03\0\0\0\0\0\x05", 10) + "title" + mp3),
      65536U - 2048 + 15);
}

TEST_F(DeclaredLength, OthersDoNotSay) {
  EXPECT_EQ(of("fLaC and so on"), std::nullopt);
  EXPECT_EQ(of("x"), std::nullopt);
  EXPECT_EQ(of(std::string(5000, '\xff')), std::nullopt);
}

} // namespace
} // namespace mlxaudio
