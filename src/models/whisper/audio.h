// SPDX-License-Identifier: MIT
// Ports whisper/audio.py of openai-whisper 20250625.
// Copyright (c) 2022 OpenAI, https://github.com/openai/whisper (MIT, see
// licenses/whisper.txt)
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "mlx/array.h"

namespace mlxaudio::whisper {

namespace mx = mlx::core;

/// \port whisper.audio.SAMPLE_RATE
/// \unit Hz
inline constexpr int kSampleRate = 16000;
/// \port whisper.audio.N_FFT
/// \unit samples
inline constexpr int kNFft = 400;
/// \port whisper.audio.HOP_LENGTH
/// \unit samples
inline constexpr int kHopLength = 160;
/// \port whisper.audio.CHUNK_LENGTH
/// \unit s
inline constexpr int kChunkLength = 30;
/// One window. \port whisper.audio.N_SAMPLES
/// \unit samples
inline constexpr int kNSamples = kChunkLength * kSampleRate;
/// One window. \port whisper.audio.N_FRAMES
/// \unit frames
inline constexpr int kNFrames = kNSamples / kHopLength;
/// The encoder's second convolution has stride 2.
/// \port whisper.audio.N_SAMPLES_PER_TOKEN
/// \unit samples
inline constexpr int kNSamplesPerToken = kHopLength * 2;
/// \port whisper.audio.FRAMES_PER_SECOND
inline constexpr int kFramesPerSecond = kSampleRate / kHopLength;
/// \port whisper.audio.TOKENS_PER_SECOND
inline constexpr int kTokensPerSecond = kSampleRate / kNSamplesPerToken;

/// When a frame begins. \unit frames -> s
constexpr double seconds_of(std::int64_t frames) {
  return static_cast<double>(frames * kHopLength) / kSampleRate;
}

/// The frame nearest to a time, halves to even as Python rounds.
/// \unit s -> frames
inline double nearest_frame(double seconds) {
  return std::nearbyint(seconds * kFramesPerSecond);
}

static_assert(kNSamples % kHopLength == 0);
static_assert(kSampleRate % kHopLength == 0);
static_assert(kSampleRate % kNSamplesPerToken == 0);

/// Cuts `array` to `length` along `axis`, or fills it up with zeros.
/// \port whisper.audio.pad_or_trim
mx::array pad_or_trim(
    const mx::array& array, int length = kNSamples, int axis = -1);

/// Triangular filters from the 201 bins of the spectrum to mel bands.
///
/// Computed, in double precision, by the formula that the reference's table was
/// made with (Slaney's scale, each filter of unit area): equal to it in every
/// bit.
/// \port   whisper.audio.mel_filters
/// \shape  [n_mels, 201]
/// \throws ArgumentError unless n_mels is 80 or 128
mx::array mel_filters(int n_mels);

/// Log-mel spectrogram of whole audio, scaled as the encoder wants it.
///
/// The floor is 8 (a factor 1e8 in power) below the loudest band of the WHOLE
/// audio, so the frames of a part are not a part of the frames. Layout is
/// MLX's, [T, n_mels]; PyTorch's is the transpose.
/// \port   whisper.audio.log_mel_spectrogram
/// \shape  audio [N] f32 -> [(N + padding) / 160, n_mels] f32
/// \param  padding zeros added at the end \unit samples
/// \throws AudioError for fewer than 201 samples with the padding
/// \throws ArgumentError for a batch, which the reference would take
mx::array log_mel_spectrogram(
    const mx::array& audio, int n_mels = 80, int padding = 0);

/// The same with given filters. The reference on MLX computes its own in
/// single precision; comparisons with it need them.
/// \shape filters [n_mels, 201] f32
mx::array log_mel_spectrogram(
    const mx::array& audio, const mx::array& filters, int padding);

/// The same frames as `log_mel_spectrogram`, piece by piece from audio that is
/// never whole in memory.
///
/// Two passes: `scan()` all samples, in blocks of any size, and `finish()`;
/// then ask for frames. Equal in every bit to the whole-audio function where
/// that runs as a kernel (it computes the same way, whatever the blocks).
/// \state what scan() has seen; after finish() constant and safe to share
class LogMel {
 public:
  /// \param padding zeros taken to follow the audio \unit samples
  /// \throws ArgumentError unless n_mels is 80 or 128
  explicit LogMel(int n_mels = 80, int padding = kNSamples);

  /// First pass: the next samples.
  void scan(std::span<const float> samples);

  /// Ends the first pass.
  /// \throws AudioError for fewer than 201 samples with the padding
  void finish();

  /// Samples seen. \unit samples
  std::int64_t n_samples() const {
    return n_samples_;
  }
  /// Frames there are, with the padding. \unit frames
  std::int64_t n_frames() const {
    return (n_samples_ + padding_) / kHopLength;
  }
  /// Frames of the audio itself. \unit frames
  std::int64_t content_frames() const {
    return n_frames() - padding_ / kHopLength;
  }
  /// log10 of the loudest band of all frames.
  float maximum() const {
    return maximum_;
  }

  /// Puts samples [first, first + out.size()) of the audio into `out`.
  using Samples = std::function<void(std::int64_t first, std::span<float> out)>;

  /// Second pass: frames [seek, seek + n), fewer at the end. `samples` is
  /// asked once, for at most 400 samples more than the frames span.
  /// \shape  [n, n_mels] f32
  mx::array frames(const Samples& samples, std::int64_t seek, int n) const;

  /// The same from audio in memory.
  mx::array frames(
      std::span<const float> audio, std::int64_t seek, int n) const;

 private:
  void scan_frames(std::int64_t end);
  mx::array log10_frames(
      const Samples& samples, std::int64_t first, std::int64_t n) const;

  mx::array filters_;
  std::int64_t padding_;
  std::vector<float> tail_; // the last samples, from tail_start_ on
  std::int64_t tail_start_ = 0;
  std::int64_t next_frame_ = 0;
  std::int64_t n_samples_ = 0;
  float maximum_ = 0;
  bool finished_ = false;
};

} // namespace mlxaudio::whisper
