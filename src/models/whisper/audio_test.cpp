// SPDX-License-Identifier: MIT
#include "models/whisper/audio.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "audio/reader.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/sha256.h"
#include "kernels/settings.h"
#include "mlx/ops.h"
#include "mlx/transforms.h"
#include "mlxaudio/error.h"

namespace mlxaudio::whisper {
namespace {

namespace fs = std::filesystem;

std::vector<float> values(const mx::array& a) {
  mx::array flat = mx::flatten(mx::contiguous(a));
  flat.eval();
  return {flat.data<float>(), flat.data<float>() + flat.size()};
}

mx::array array_of(const std::vector<float>& samples) {
  return mx::array(
      samples.data(),
      {static_cast<int>(samples.size())},
      mx::float32);
}

// port/whisper/record_inputs.py's `noise`, in 16-bit steps.
std::vector<int> noise(std::size_t n, std::uint32_t seed) {
  std::vector<int> out(n);
  for (int& step : out) {
    seed = seed * 1664525U + 1013904223U;
    step = static_cast<std::int16_t>(seed >> 16);
  }
  return out;
}

std::vector<float> from_steps(const std::vector<int>& steps) {
  std::vector<float> out(steps.size());
  std::transform(steps.begin(), steps.end(), out.begin(), [](int step) {
    return static_cast<float>(step) / 32768.0F;
  });
  return out;
}

// The sounds of port/whisper/record_mel.py; nothing for a clip that is not on
// this machine.
std::optional<std::vector<float>> sound(const std::string& name) {
  constexpr std::size_t kN = 33337;
  const char* shared = std::getenv("MLXAUDIO_SHARED");
  const fs::path folder = shared != nullptr
                              ? fs::path(shared)
                              : fs::path(MLXAUDIO_SOURCE_DIR) / "../shared";
  for (const auto& [clip, file] :
       {std::pair<std::string, fs::path>{"jfk", folder / "audio/jfk.wav"},
        {"librivox-0870",
         cache_dir() / "audio/librivox" /
             "sense_and_sensibility_01_austen_64kb-0870.wav"}}) {
    if (name == clip) {
      return fs::exists(file) ? std::optional(read_audio(file).samples)
                              : std::nullopt;
    }
  }
  std::vector<int> steps = noise(kN, 1);
  for (std::size_t i = 0; i < kN; ++i) {
    if (name == "turns") {
      steps[i] >>= i / 4000 % 2 == 0 ? 1 : 14;
    } else if (name == "square") {
      steps[i] = i / 40 % 2 == 0 ? 8000 : -8000;
    } else if (name == "impulses") {
      steps[i] = i % 1000 == 500 ? 20000 : 0;
    }
  }
  return from_steps(steps);
}

Json golden() {
  return read_json(
      fs::path(MLXAUDIO_SOURCE_DIR) / "tests/golden/whisper/mel.json");
}

TEST(Constants, AreTheReferences) {
  EXPECT_EQ(kNSamples, 480000);
  EXPECT_EQ(kNFrames, 3000);
  EXPECT_EQ(kNSamplesPerToken, 320);
  EXPECT_EQ(kFramesPerSecond, 100);
  EXPECT_EQ(kTokensPerSecond, 50);
}

TEST(MelFilters, EqualTheReferencesTableInEveryBit) {
  const Json document = golden();
  const Json& hashes = document["filters_sha256"];
  for (const int n_mels : {80, 128}) {
    const auto table = values(mel_filters(n_mels));
    ASSERT_EQ(table.size(), static_cast<std::size_t>(n_mels) * 201);
    EXPECT_EQ(
        sha256(std::as_bytes(std::span(table))),
        hashes[std::to_string(n_mels)].get<std::string>())
        << n_mels;
  }
}

TEST(MelFilters, OtherCountsAreErrors) {
  for (const int n_mels : {0, 79, 81, 256, -1}) {
    EXPECT_THROW(mel_filters(n_mels), ArgumentError) << n_mels;
  }
}

TEST(PadOrTrim, FillsUpWithZeros) {
  const mx::array x = mx::ones({2, 3});
  const mx::array y = pad_or_trim(x, 5);
  ASSERT_EQ(y.shape(), (mx::Shape{2, 5}));
  EXPECT_EQ(values(y), (std::vector<float>{1, 1, 1, 0, 0, 1, 1, 1, 0, 0}));
}

TEST(PadOrTrim, Cuts) {
  const mx::array x = mx::reshape(mx::arange(6, mx::float32), {3, 2});
  EXPECT_EQ(values(pad_or_trim(x, 2, 0)), (std::vector<float>{0, 1, 2, 3}));
  EXPECT_EQ(values(pad_or_trim(x, 1, -1)), (std::vector<float>{0, 2, 4}));
  EXPECT_EQ(values(pad_or_trim(x, 2, -1)), values(x));
  EXPECT_EQ(pad_or_trim(x, 0, 0).shape(), (mx::Shape{0, 2}));
}

TEST(PadOrTrim, IsOneWindowUnlessTold) {
  EXPECT_EQ(pad_or_trim(mx::zeros({7})).shape(), (mx::Shape{kNSamples}));
}

TEST(PadOrTrim, WrongAxisIsAnError) {
  EXPECT_THROW(pad_or_trim(mx::zeros({2, 3}), 2, 2), ArgumentError);
  EXPECT_THROW(pad_or_trim(mx::zeros({2, 3}), 2, -3), ArgumentError);
  EXPECT_THROW(pad_or_trim(mx::zeros({2, 3}), -1, 0), ArgumentError);
}

// The error against the reference in float64, of the port and of the reference
// in float32, at the recorded positions.
struct Errors {
  double max = 0;
  double squares = 0;
  void add(double difference) {
    max = std::max(max, std::abs(difference));
    squares += difference * difference;
  }
};

void compare_with_golden(double most) {
  int n_compared = 0;
  const Json document = golden();
  for (const Json& recorded : document["cases"]) {
    const auto name = recorded["name"].get<std::string>();
    const auto samples = sound(name);
    if (!samples) {
      continue;
    }
    ASSERT_EQ(samples->size(), recorded["n_samples"].get<std::size_t>());
    double squares = 0;
    for (const float x : *samples) {
      squares += std::pow(static_cast<double>(x) * 32768, 2);
    }
    ASSERT_EQ(squares, recorded["sum_of_squares"].get<double>()) << name;

    const int n_mels = recorded["n_mels"];
    const mx::array mel =
        log_mel_spectrogram(array_of(*samples), n_mels, recorded["padding"]);
    ASSERT_EQ(
        mel.shape(),
        (mx::Shape{recorded["n_frames"].get<int>(), n_mels}));
    const auto ours = values(mel);
    Errors port;
    Errors reference;
    for (std::size_t i = 0; i < recorded["frames"].size(); ++i) {
      const auto at = recorded["frames"][i].get<std::size_t>() *
                          static_cast<std::size_t>(n_mels) +
                      recorded["bands"][i].get<std::size_t>();
      const double exact = recorded["float64"][i];
      port.add(ours[at] - exact);
      reference.add(recorded["float32"][i].get<double>() - exact);
    }
    // The reference's own error over all is the better measure of the greatest
    // that may happen.
    const double worst =
        std::max(reference.max, recorded["float32_error"]["max"].get<double>());
    EXPECT_LE(port.max, most * worst) << name << ' ' << n_mels;
    EXPECT_LE(std::sqrt(port.squares), most * std::sqrt(reference.squares))
        << name << ' ' << n_mels;
    ::testing::Test::RecordProperty(
        name + std::to_string(n_mels),
        std::to_string(port.max) + " of " + std::to_string(worst));
    ++n_compared;
  }
  EXPECT_GE(n_compared, 6);
}

class WithoutKernels {
 public:
  WithoutKernels() {
    kernels::set_enabled(false);
  }
  WithoutKernels(const WithoutKernels&) = delete;
  WithoutKernels& operator=(const WithoutKernels&) = delete;
  ~WithoutKernels() {
    kernels::set_enabled(before_);
  }

 private:
  bool before_ = kernels::enabled();
};

TEST(LogMelSpectrogram, ErrorIsAtMostTwiceTheReferences) {
  compare_with_golden(2.0);
}

TEST(LogMelSpectrogram, ErrorWithoutKernelsIsAtMostTwiceTheReferences) {
  const WithoutKernels without;
  compare_with_golden(2.0);
}

TEST(LogMelSpectrogram, KernelIsExactToTheLastPlace) {
  if (!kernels::enabled()) {
    GTEST_SKIP() << "kernels are off";
  }
  // Half a unit of the last place of what is rounded, before it is scaled.
  const Json document = golden();
  for (const Json& recorded : document["cases"]) {
    if (recorded["name"] != "noise") {
      continue;
    }
    const auto ours = values(log_mel_spectrogram(
        array_of(*sound("noise")),
        80,
        recorded["padding"]));
    for (std::size_t i = 0; i < recorded["frames"].size(); ++i) {
      const auto at = recorded["frames"][i].get<std::size_t>() * 80 +
                      recorded["bands"][i].get<std::size_t>();
      ASSERT_NEAR(ours[at], recorded["float64"][i].get<double>(), 2.5e-7);
    }
  }
}

TEST(LogMelSpectrogram, FramesAreHops) {
  for (const int n : {201, 319, 320, 321, 16000, 16159}) {
    EXPECT_EQ(
        log_mel_spectrogram(mx::zeros({n})).shape(),
        (mx::Shape{n / 160, 80}))
        << n;
  }
  EXPECT_EQ(
      log_mel_spectrogram(mx::zeros({1}), 128, kNSamples).shape(),
      (mx::Shape{kNFrames, 128}));
}

TEST(LogMelSpectrogram, SilenceIsTheFloor) {
  // log10(1e-10) = -10, which is its own maximum.
  for (const float v : values(log_mel_spectrogram(mx::zeros({1600})))) {
    ASSERT_EQ(v, -1.5F);
  }
}

TEST(LogMelSpectrogram, TooFewSamplesAreAnError) {
  EXPECT_THROW(log_mel_spectrogram(mx::zeros({200})), AudioError);
  EXPECT_THROW(log_mel_spectrogram(mx::zeros({0})), AudioError);
  EXPECT_THROW(log_mel_spectrogram(mx::zeros({2, 400})), ArgumentError);
  // As in the reference, no padding.
  EXPECT_NO_THROW(log_mel_spectrogram(mx::zeros({400}), 80, -1));
  // As many as are reflected, and nothing but padding.
  EXPECT_NO_THROW(log_mel_spectrogram(mx::zeros({0}), 80, 201));
}

TEST(LogMelSpectrogram, FloorIsOfTheWholeFile) {
  auto steps = noise(32000, 3);
  for (std::size_t i = 16000; i < 32000; ++i) {
    steps[i] >>= 14;
  }
  const auto loud = values(log_mel_spectrogram(array_of(from_steps(steps))));
  const float highest = *std::max_element(loud.begin(), loud.end());
  const float lowest = *std::min_element(loud.begin(), loud.end());
  EXPECT_NEAR(highest - lowest, 2.0F, 1e-6F);
}

std::vector<float> in_pieces(
    const std::vector<float>& samples,
    int n_mels,
    int padding,
    std::size_t block,
    int n_frames) {
  LogMel mel(n_mels, padding);
  for (std::size_t i = 0; i < samples.size(); i += block) {
    mel.scan(
        std::span(samples).subspan(i, std::min(block, samples.size() - i)));
  }
  mel.finish();
  EXPECT_EQ(mel.n_samples(), static_cast<std::int64_t>(samples.size()));
  std::vector<float> out;
  for (std::int64_t seek = 0; seek < mel.n_frames(); seek += n_frames) {
    const auto part = values(mel.frames(samples, seek, n_frames));
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

TEST(LogMel, PiecesAreTheWhole) {
  if (!kernels::enabled()) {
    GTEST_SKIP() << "kernels are off";
  }
  for (const std::size_t n : {201U, 360U, 400U, 16000U, 200123U, 481000U}) {
    const auto samples = from_steps(noise(n, 5));
    for (const int padding : {0, 77, 480, kNSamples}) {
      const auto whole =
          values(log_mel_spectrogram(array_of(samples), 80, padding));
      for (const std::size_t block : {1600U, 7777U, 1000000U}) {
        ASSERT_EQ(in_pieces(samples, 80, padding, block, 777), whole)
            << n << " + " << padding << " by " << block;
      }
    }
  }
}

TEST(LogMel, SingleFramesAreTheWhole) {
  if (!kernels::enabled()) {
    GTEST_SKIP() << "kernels are off";
  }
  for (const std::size_t n : {201U, 1999U}) {
    const auto samples = from_steps(noise(n, 6));
    const auto whole = values(log_mel_spectrogram(array_of(samples), 128, 0));
    EXPECT_EQ(in_pieces(samples, 128, 0, 100, 1), whole) << n;
  }
}

TEST(LogMel, LoudestIsFoundWhereverItIs) {
  for (const std::size_t place : {0U, 100U, 170000U, 199999U}) {
    std::vector<float> samples(200000, 0.0F);
    samples[place] = 0.9F;
    LogMel mel;
    mel.scan(samples);
    mel.finish();
    const auto whole =
        values(log_mel_spectrogram(array_of(samples), 80, kNSamples));
    const float loudest = *std::max_element(whole.begin(), whole.end());
    EXPECT_EQ((mel.maximum() + 4) / 4, loudest) << place;
  }
}

TEST(LogMel, CountsFrames) {
  LogMel mel;
  mel.scan(std::vector<float>(16000 + 159));
  mel.finish();
  EXPECT_EQ(mel.n_frames(), kNFrames + 100);
  EXPECT_EQ(mel.content_frames(), 100);
  const std::vector<float> audio(16159);
  EXPECT_EQ(mel.frames(audio, 3000, 3000).shape(0), 100);
  EXPECT_EQ(mel.frames(audio, 3100, 3000).shape(0), 0);
  EXPECT_EQ(mel.frames(audio, 0, 3000).shape(0), 3000);
}

TEST(LogMel, AsksOnlyForSamplesThatThereAre) {
  std::vector<float> samples(50000, 0.1F);
  LogMel mel;
  mel.scan(samples);
  mel.finish();
  for (const std::int64_t seek : {0, 1, 200, 310, 312, 313, 400, 3000}) {
    mel.frames(
        [&](std::int64_t first, std::span<float> out) {
          ASSERT_GE(first, 0);
          ASSERT_LE(
              first + static_cast<std::int64_t>(out.size()),
              static_cast<std::int64_t>(samples.size()));
          ASSERT_GE(first, seek * kHopLength - 200);
          ASSERT_LE(out.size(), 10U * kHopLength + 400);
          std::copy_n(samples.begin() + first, out.size(), out.begin());
        },
        seek,
        10);
  }
}

TEST(LogMel, MisuseIsAnError) {
  EXPECT_THROW(LogMel(81), ArgumentError);
  EXPECT_THROW(LogMel(80, -1), ArgumentError);
  LogMel mel(80, 0);
  const std::vector<float> samples(1000);
  EXPECT_THROW(mel.frames(samples, 0, 1), ArgumentError);
  mel.scan(std::span(samples).first(200));
  EXPECT_THROW(mel.finish(), AudioError);
  mel.scan(samples);
  mel.finish();
  EXPECT_THROW(mel.scan(samples), ArgumentError);
  EXPECT_THROW(mel.frames(samples, -1, 1), ArgumentError);
}

} // namespace
} // namespace mlxaudio::whisper
