// SPDX-License-Identifier: MIT
#include "models/whisper/streaming.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include <mlx/ops.h>

#include "mlxaudio/error.h"
#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

using toy::shared_model;

std::vector<StreamingResult> stream(
    const std::vector<float>& audio, const StreamingOptions& options = {}) {
  std::vector<StreamingResult> results;
  generate_streaming(
      shared_model(),
      audio,
      options,
      [&results](const auto& result) { results.push_back(result); });
  return results;
}

TEST(Streaming, EndsWithAFinalResult) {
  const auto results = stream(toy::noise(40'000, 1));
  ASSERT_FALSE(results.empty());
  for (const auto& result : results) {
    EXPECT_EQ(result.is_final, &result == &results.back());
    EXPECT_DOUBLE_EQ(result.audio_duration, 2.5);
  }
  EXPECT_DOUBLE_EQ(results.back().progress, 1);
  EXPECT_DOUBLE_EQ(results.back().audio_position, 2.5);
}

TEST(Streaming, ARestTooShortForAFrameBelongsToTheChunkBeforeIt) {
  StreamingOptions options;
  options.language = "en";
  // 200 samples of rest; one chunk, and all of it is done.
  const auto results = stream(toy::noise(16'200, 1), options);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results.front().is_final);
  EXPECT_DOUBLE_EQ(results.front().audio_position, 16'200 / 16000.0);
}

TEST(Streaming, AudioTooShortForAFrameHasNoText) {
  const auto results = stream(toy::noise(100, 1));
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results.front().language, "en");
  EXPECT_TRUE(stream({}).empty());
}

TEST(Streaming, RefusesWhatItCannotUse) {
  for (const double duration :
       {0.0, 0.01, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    StreamingOptions options;
    options.chunk_duration = duration;
    EXPECT_THROW(stream(toy::noise(16'000, 1), options), ArgumentError);
  }
  StreamingDecoder decoder(shared_model());
  EXPECT_THROW(decoder.decode_chunk(mx::zeros({10, 79})), ArgumentError);
  EXPECT_THROW(decoder.decode_chunk(mx::zeros({1, 10, 80})), ArgumentError);
}

TEST(Streaming, CanBeStopped) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(
      generate_streaming(
          shared_model(),
          toy::noise(16'000, 1),
          {},
          [](const StreamingResult&) {},
          stop.get_token()),
      InterruptedError);
}

} // namespace
} // namespace mlxaudio::whisper
