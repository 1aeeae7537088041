// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>

#include <mlx/array.h>

#include "models/whisper/audio.h"

namespace mlxaudio::whisper {

/// The log-mel frames of some audio, by range.
struct MelFrames {
  /// Frames of the audio itself; 30 s of padding follow them.
  int content_frames;
  /// Frames [seek, seek + n). \shape -> [n, n_mels]
  std::function<mx::array(int seek, int n)> frames;
};

/// Samples at 16 kHz that are read twice.
struct SamplePasses {
  /// First pass: the next samples; fewer than asked for only at the end.
  std::function<std::size_t(std::span<float> out)> next;
  /// Second pass: any of those that the first one gave.
  LogMel::Samples at;
};

/// Frames of audio that need not be in memory.
///
/// The loudest frame of all is searched first: it decides the scale of each.
/// \throws AudioError for more than 248 days of audio; InterruptedError when
///   stopped; what the passes throw
MelFrames mel_frames(
    SamplePasses samples, int n_mels, const std::stop_token& stop = {});

/// The same of samples in memory, which must outlive the result.
MelFrames mel_frames(
    std::span<const float> audio, int n_mels, const std::stop_token& stop = {});

} // namespace mlxaudio::whisper
