// SPDX-License-Identifier: MIT
#include "audio/sample_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "audio/testing.h"
#include "mlxaudio/error.h"

namespace mlxaudio {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLength = 200'000;

class Window : public ::testing::Test {
 protected:
  Window() {
    testing::Noise noise;
    std::vector<std::int32_t> steps(kLength);
    std::generate(steps.begin(), steps.end(), [&] { return noise.bits(16); });
    write(steps);
    for (const auto step : steps) {
      samples_.push_back(static_cast<float>(step) / 32768);
    }
  }

  void write(const std::vector<std::int32_t>& steps) const {
    testing::write_bytes(
        file_,
        testing::wav_bytes({}, testing::bytes_of(steps, 2)));
  }

  SampleWindow window() const {
    return {AudioReader(file_), file_.string()};
  }

  void expect_at(SampleWindow& window, std::int64_t first, std::size_t n) {
    std::vector<float> got(n, 9.0F);
    window.read_at(first, got);
    const auto begin = samples_.begin() + static_cast<std::ptrdiff_t>(first);
    EXPECT_EQ(
        got,
        std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(n)))
        << n << " from " << first;
  }

  testing::TemporaryFolder folder_;
  fs::path file_ = folder_ / "a.wav";
  std::vector<float> samples_;
};

TEST_F(Window, GivesSamplesByPlace) {
  auto w = window();
  expect_at(w, 0, 400);
  expect_at(w, 200, 400);        // the second half is new
  expect_at(w, 250, 100);        // all is there
  expect_at(w, 350, 1000);       // from the middle of what is kept
  expect_at(w, 150'000, 48'000); // over a gap of several blocks
  expect_at(w, 100, 10);         // back
  expect_at(w, kLength - 5, 5);
  expect_at(w, kLength, 0);
}

TEST_F(Window, AWholePassMayComeFirst) {
  auto w = window();
  std::vector<float> all(kLength + 10);
  EXPECT_EQ(w.read(all), static_cast<std::size_t>(kLength));
  all.resize(kLength);
  EXPECT_EQ(all, samples_);
  expect_at(w, 1000, 3000);
}

TEST_F(Window, RewindsEveryKindOfReader) {
  // As it is, and resampled.
  for (const int rate : {16000, 44100}) {
    testing::write_bytes(
        file_,
        testing::wav_bytes(
            {.sample_rate = rate},
            testing::bytes_of(std::vector<std::int32_t>(5000, 77), 2)));
    AudioReader reader(file_);
    std::vector<float> first(9000);
    first.resize(reader.read(first));
    reader.rewind();
    std::vector<float> again(9000);
    again.resize(reader.read(again));
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, again) << rate;
  }
}

TEST_F(Window, AFileThatShrankIsAnError) {
  auto w = window();
  expect_at(w, 0, 400);
  write(std::vector<std::int32_t>(1000, 1));
  std::vector<float> out(400);
  try {
    w.read_at(150'000, out);
    w.read_at(0, out);
    w.read_at(150'000, out);
    FAIL() << "nothing was thrown";
  } catch (const AudioError& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("a.wav"));
  }
}

} // namespace
} // namespace mlxaudio
