// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mlxaudio {

/// Where a channel's loudspeaker stands. Values are the bits of
/// WAVEFORMATEXTENSIBLE's channel mask.
enum class Channel : std::uint32_t {
  front_left = 1U << 0,
  front_right = 1U << 1,
  front_center = 1U << 2,
  low_frequency = 1U << 3,
  back_left = 1U << 4,
  back_right = 1U << 5,
  front_left_of_center = 1U << 6,
  front_right_of_center = 1U << 7,
  back_center = 1U << 8,
  side_left = 1U << 9,
  side_right = 1U << 10,
  other = 1U << 11, ///< above the listener, wide: heard in no mono mix
};

/// Whose order of channels holds where a file does not name them.
enum class ChannelOrder {
  wav,    ///< WAV and what follows it
  flac,   ///< RFC 9639
  vorbis, ///< Vorbis I and Opus (RFC 7845)
};

/// Positions of `channels` channels in the order of a format, empty where
/// there is no agreed one.
std::vector<Channel> default_channels(int channels, ChannelOrder order);

/// Positions that a channel mask names, in the order of its bits; nothing where
/// they are not `n_channels`.
std::optional<std::vector<Channel>> channels_of_mask(
    std::uint32_t mask, int n_channels);

/// Weights of a mix to mono, as ffmpeg's swresample 5.1 makes them for 16-bit
/// output: fronts at -3 dB, centre at 0 dB, surrounds at -6 dB, no
/// low-frequency channel; then all scaled to the sum of 1, so that the mix
/// cannot clip.
///
/// Layouts that ffmpeg does not mix (no front, half a pair) have no weights:
/// the result is empty. A single channel has weight 1 wherever it stands.
std::vector<double> mono_weights(std::span<const Channel> channels);

/// Nearest 16-bit step, ties to even, clipped at full scale.
float round_to_16_bit(float x);
float round_to_16_bit(double x);

/// Mixes interleaved frames to mono as ffmpeg does it, which depends on the
/// type of the samples. `Mix` holds the weights in each of its number types.
class Mix {
 public:
  explicit Mix(std::vector<double> weights);

  int channels() const {
    return static_cast<int>(weights_.size());
  }

  /// 16-bit samples to 16-bit steps: fixed-point weights of 15 bits, rounded
  /// half up.
  void to_16_bit(std::span<const std::int16_t> frames, float* out) const;
  /// 32-bit samples to 16-bit steps. ffmpeg cuts the low bits off when there is
  /// nothing to mix, and rounds when there is.
  void to_16_bit(std::span<const std::int32_t> frames, float* out) const;
  void to_16_bit(std::span<const float> frames, float* out) const;
  void to_16_bit(std::span<const double> frames, float* out) const;

  /// Mix without rounding, for the resampler.
  void to_float(std::span<const std::int16_t> frames, float* out) const;
  void to_float(std::span<const std::int32_t> frames, float* out) const;
  void to_float(std::span<const float> frames, float* out) const;
  void to_float(std::span<const double> frames, float* out) const;

 private:
  std::vector<double> weights_;
  std::vector<float> float_weights_;
  std::vector<std::int32_t> fixed_weights_;
};

} // namespace mlxaudio
