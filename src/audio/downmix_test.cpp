// SPDX-License-Identifier: MIT
#include "audio/downmix.h"

#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include <gtest/gtest.h>

namespace mlxaudio {
namespace {

using enum Channel;

std::vector<double> weights(int channels, ChannelOrder order) {
  return mono_weights(default_channels(channels, order));
}

TEST(Downmix, WeightsOfEachLayoutAddUpToOne) {
  for (const ChannelOrder order :
       {ChannelOrder::wav, ChannelOrder::flac, ChannelOrder::vorbis}) {
    for (int channels = 1; channels <= 8; ++channels) {
      const auto w = weights(channels, order);
      ASSERT_EQ(w.size(), static_cast<std::size_t>(channels));
      EXPECT_NEAR(std::accumulate(w.begin(), w.end(), 0.0), 1.0, 1e-12);
    }
  }
}

TEST(Downmix, SixChannelsAsFfmpegMixesThem) {
  const auto w = weights(6, ChannelOrder::wav);
  const double sum = std::numbers::sqrt2 + 2.0;
  const std::array expected =
      {1 / std::numbers::sqrt2, 1 / std::numbers::sqrt2, 1.0, 0.0, 0.5, 0.5};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(w[i], expected[i] / sum, 1e-12) << i;
  }
}

TEST(Downmix, OrderDependsOnTheFormat) {
  EXPECT_EQ(
      default_channels(3, ChannelOrder::wav),
      (std::vector{front_left, front_right, low_frequency}));
  EXPECT_EQ(
      default_channels(3, ChannelOrder::flac),
      (std::vector{front_left, front_right, front_center}));
  EXPECT_EQ(
      default_channels(3, ChannelOrder::vorbis),
      (std::vector{front_left, front_center, front_right}));
}

TEST(Downmix, LayoutsThatFfmpegRefusesHaveNoWeights) {
  EXPECT_TRUE(mono_weights({}).empty());
  EXPECT_TRUE(mono_weights(std::array{back_left, back_right}).empty());
  EXPECT_TRUE(mono_weights(std::array{front_left, front_center}).empty());
  EXPECT_TRUE(weights(9, ChannelOrder::wav).empty());
  EXPECT_TRUE(weights(9, ChannelOrder::flac).empty());
  EXPECT_TRUE(weights(255, ChannelOrder::vorbis).empty());
}

TEST(Downmix, OneChannelIsItselfWhereverItStands) {
  EXPECT_EQ(mono_weights(std::array{low_frequency}), std::vector{1.0});
  EXPECT_EQ(mono_weights(std::array{back_left}), std::vector{1.0});
}

TEST(Downmix, RoundsToTheNearestStepTiesToEvenAndClips) {
  constexpr float kStep = 1.0F / 32768;
  EXPECT_EQ(round_to_16_bit(0.5F * kStep), 0.0F);
  EXPECT_EQ(round_to_16_bit(1.5F * kStep), 2 * kStep);
  EXPECT_EQ(round_to_16_bit(-0.5F * kStep), 0.0F);
  EXPECT_EQ(round_to_16_bit(2.6 * kStep), 3 * kStep);
  EXPECT_EQ(round_to_16_bit(1.0F), 32767 * kStep);
  EXPECT_EQ(round_to_16_bit(7.5F), 32767 * kStep);
  EXPECT_EQ(round_to_16_bit(-7.5F), -1.0F);
}

TEST(Downmix, StereoOf16BitIsRoundedHalfUp) {
  const Mix mix({0.5, 0.5});
  const std::vector<std::int16_t> frames =
      {1, 2, -1, -2, 32767, 32767, -32768, -32768, 3, -2, 32767, -32768};
  std::vector<float> out(frames.size() / 2);
  mix.to_16_bit(frames, out.data());
  const std::vector<float> steps = {2, -1, 32767, -32768, 1, 0};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(out[i], steps[i] / 32768) << i;
  }
}

TEST(Downmix, Mono24BitIsCutAndStereoRounded) {
  const std::vector<std::int32_t> mono = {0x0001ffff, -1, 0x7fffffff};
  std::vector<float> out(3);
  Mix({1.0}).to_16_bit(mono, out.data());
  EXPECT_EQ(
      out,
      (std::vector<float>{1 / 32768.0F, -1 / 32768.0F, 32767 / 32768.0F}));
  const std::vector<std::int32_t> stereo = {0x0001ffff, 0x0001ffff};
  Mix({0.5, 0.5}).to_16_bit(stereo, out.data());
  EXPECT_EQ(out[0], 2 / 32768.0F);
}

TEST(Downmix, FixedWeightsNeverLeaveTheRange) {
  for (const int channels : {3, 5, 6, 7, 8, 16}) {
    const Mix mix(weights(channels, ChannelOrder::wav));
    const std::vector<std::int16_t> low(
        static_cast<std::size_t>(channels),
        -32768);
    float out = 0;
    mix.to_16_bit(low, &out);
    EXPECT_GE(out, -1.0F);
    EXPECT_LE(out, -1.0F + 2 / 32768.0F);
  }
}

TEST(Downmix, WithoutRoundingNothingIsLost) {
  const std::vector<std::int16_t> frames = {1, 0, 32767, 1};
  std::vector<float> out(2);
  Mix({0.5, 0.5}).to_float(frames, out.data());
  EXPECT_EQ(out[0], 0.5F / 32768);
  EXPECT_EQ(out[1], 0.5F);
}

} // namespace
} // namespace mlxaudio
