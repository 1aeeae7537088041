// SPDX-License-Identifier: MIT
#include "audio/downmix.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

namespace mlxaudio {
namespace {

constexpr double kFullScale16 = 32768.0;
constexpr double kFullScale32 = 2147483648.0;

double level(Channel channel) {
  switch (channel) {
    case Channel::front_left:
    case Channel::front_right:
    case Channel::front_left_of_center:
    case Channel::front_right_of_center:
      return 1.0 / std::numbers::sqrt2;
    case Channel::front_center:
      return 1.0;
    case Channel::back_left:
    case Channel::back_right:
    case Channel::back_center:
    case Channel::side_left:
    case Channel::side_right:
      return 0.5;
    case Channel::low_frequency:
    case Channel::other:
      return 0.0;
  }
  return 0.0;
}

template <class Real>
float nearest_step(Real x) {
  const Real step = std::nearbyint(x * static_cast<Real>(kFullScale16));
  return static_cast<float>(
      std::clamp<Real>(step, -32768, 32767) / static_cast<Real>(kFullScale16));
}

// Sums in the order of the channels and in the type of the weights: last bits
// decide which way a tie is rounded.
template <class Real, class Sample, class Store>
void mix(
    std::span<const Sample> frames,
    const std::vector<Real>& weights,
    Real scale,
    float* out,
    Store store) {
  const std::size_t n_channels = weights.size();
  for (std::size_t i = 0; i < frames.size(); i += n_channels) {
    if (n_channels == 1) {
      *out++ = store(static_cast<Real>(frames[i]) * scale);
      continue;
    }
    Real sum = 0;
    for (std::size_t c = 0; c < n_channels; ++c) {
      sum += static_cast<Real>(frames[i + c]) * scale * weights[c];
    }
    *out++ = store(sum);
  }
}

constexpr auto kAsIs = [](auto x) { return static_cast<float>(x); };
constexpr auto kRounded = [](auto x) { return round_to_16_bit(x); };

constexpr float kFrom16 = static_cast<float>(1 / kFullScale16);
constexpr float kFrom32 = static_cast<float>(1 / kFullScale32);

} // namespace

float round_to_16_bit(float x) {
  return nearest_step(x);
}

float round_to_16_bit(double x) {
  return nearest_step(x);
}

std::optional<std::vector<Channel>> channels_of_mask(
    std::uint32_t mask, int n_channels) {
  if (std::popcount(mask) != n_channels) {
    return std::nullopt;
  }
  constexpr auto kHighest = static_cast<std::uint32_t>(Channel::side_right);
  std::vector<Channel> channels;
  for (; mask != 0; mask &= mask - 1) {
    const std::uint32_t bit = mask & (~mask + 1);
    channels.push_back(
        bit <= kHighest ? static_cast<Channel>(bit) : Channel::other);
  }
  return channels;
}

std::vector<Channel> default_channels(int channels, ChannelOrder order) {
  using enum Channel;
  if (channels == 1) {
    return {front_center};
  }
  if (channels == 2) {
    return {front_left, front_right};
  }
  switch (order) {
    case ChannelOrder::wav:
      switch (channels) {
        case 3:
          return {front_left, front_right, low_frequency};
        case 4:
          return {front_left, front_right, front_center, back_center};
        case 5:
          return {front_left, front_right, front_center, back_left, back_right};
        case 6:
          return {
              front_left,
              front_right,
              front_center,
              low_frequency,
              back_left,
              back_right};
        case 7:
          return {
              front_left,
              front_right,
              front_center,
              low_frequency,
              back_center,
              side_left,
              side_right};
        case 8:
          return {
              front_left,
              front_right,
              front_center,
              low_frequency,
              back_left,
              back_right,
              side_left,
              side_right};
        case 16:
          return {
              front_left,
              front_right,
              front_center,
              back_left,
              back_right,
              back_center,
              side_left,
              side_right,
              other,
              other,
              other,
              other,
              other,
              other,
              other,
              other};
        default:
          return {};
      }
    case ChannelOrder::flac:
      switch (channels) {
        case 3:
          return {front_left, front_right, front_center};
        case 4:
          return {front_left, front_right, back_left, back_right};
        default:
          return channels <= 8 ? default_channels(channels, ChannelOrder::wav)
                               : std::vector<Channel>{};
      }
    case ChannelOrder::vorbis:
      switch (channels) {
        case 3:
          return {front_left, front_center, front_right};
        case 4:
          return {front_left, front_right, back_left, back_right};
        case 5:
          return {front_left, front_center, front_right, back_left, back_right};
        case 6:
          return {
              front_left,
              front_center,
              front_right,
              back_left,
              back_right,
              low_frequency};
        case 7:
          return {
              front_left,
              front_center,
              front_right,
              side_left,
              side_right,
              back_center,
              low_frequency};
        case 8:
          return {
              front_left,
              front_center,
              front_right,
              side_left,
              side_right,
              back_left,
              back_right,
              low_frequency};
        default:
          return {};
      }
  }
  return {};
}

std::vector<double> mono_weights(std::span<const Channel> channels) {
  using enum Channel;
  if (channels.size() == 1) {
    return {1.0};
  }
  const auto has = [&](Channel channel) {
    return std::find(channels.begin(), channels.end(), channel) !=
           channels.end();
  };
  const bool whole_pairs =
      has(front_left) == has(front_right) &&
      has(side_left) == has(side_right) && has(back_left) == has(back_right) &&
      has(front_left_of_center) == has(front_right_of_center);
  if (!whole_pairs || !(has(front_left) || has(front_center))) {
    return {};
  }
  std::vector<double> weights(channels.size());
  std::transform(channels.begin(), channels.end(), weights.begin(), level);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) {
    weight /= sum;
  }
  return weights;
}

Mix::Mix(std::vector<double> weights)
    : weights_(std::move(weights)),
      float_weights_(weights_.begin(), weights_.end()) {
  for (const double weight : weights_) {
    fixed_weights_.push_back(
        static_cast<std::int32_t>(std::lrint(weight * kFullScale16)));
  }
}

void Mix::to_16_bit(std::span<const std::int16_t> frames, float* out) const {
  const std::size_t n_channels = fixed_weights_.size();
  for (std::size_t i = 0; i < frames.size(); i += n_channels) {
    std::int32_t step = frames[i];
    if (n_channels > 1) {
      step = 0;
      for (std::size_t c = 0; c < n_channels; ++c) {
        step += frames[i + c] * fixed_weights_[c];
      }
      // The rounded weights may add up to a hair over 1.
      step = std::clamp((step + (1 << 14)) >> 15, -32768, 32767);
    }
    *out++ = static_cast<float>(step) * kFrom16;
  }
}

void Mix::to_16_bit(std::span<const std::int32_t> frames, float* out) const {
  if (channels() == 1) {
    for (const std::int32_t sample : frames) {
      *out++ = static_cast<float>(sample >> 16) * kFrom16;
    }
    return;
  }
  mix(frames, float_weights_, kFrom32, out, kRounded);
}

void Mix::to_16_bit(std::span<const float> frames, float* out) const {
  mix(frames, float_weights_, 1.0F, out, kRounded);
}

void Mix::to_16_bit(std::span<const double> frames, float* out) const {
  mix(frames, weights_, 1.0, out, kRounded);
}

void Mix::to_float(std::span<const std::int16_t> frames, float* out) const {
  mix(frames, float_weights_, kFrom16, out, kAsIs);
}

void Mix::to_float(std::span<const std::int32_t> frames, float* out) const {
  mix(frames, float_weights_, kFrom32, out, kAsIs);
}

void Mix::to_float(std::span<const float> frames, float* out) const {
  mix(frames, float_weights_, 1.0F, out, kAsIs);
}

void Mix::to_float(std::span<const double> frames, float* out) const {
  mix(frames, weights_, 1.0, out, kAsIs);
}

} // namespace mlxaudio
