// SPDX-License-Identifier: MIT
// Ports load_audio of whisper/audio.py of openai-whisper 20250625.
// Copyright (c) 2022 OpenAI, https://github.com/openai/whisper (MIT, see
// licenses/whisper.txt)
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "mlxaudio/audio.h"

namespace mlxaudio {

/// What a file says about itself.
struct AudioInfo {
  int sample_rate = 0; ///< \unit Hz
  int channels = 0;
  std::string format; ///< "WAV, signed 16 bit PCM", for people
  /// Length as the header has it, absent where it does not say. For progress
  /// only: what reading gives decides.
  std::optional<double> duration; ///< \unit s
};

/// Samples of one file in blocks: mono, at the wanted rate, rounded to 16 bit.
///
/// Memory does not grow with the file. WAV, FLAC, OGG Vorbis, Opus, MP3 and
/// what else libsndfile knows are read in the process; other containers by an
/// `ffmpeg` on PATH. Channels are mixed, and samples rounded, as ffmpeg does
/// it for the reference; the resampler is libsoxr (docs/audio-input.md).
class AudioReader {
 public:
  /// Opens `file`, or the standard input for "-".
  /// \param sample_rate of what read() gives \unit Hz
  /// \throws AudioError naming the file and what to do
  explicit AudioReader(
      const std::filesystem::path& file, int sample_rate = 16000);
  AudioReader(AudioReader&&) noexcept;
  AudioReader& operator=(AudioReader&&) noexcept;
  ~AudioReader();

  /// Fills `out` from the start and returns how many samples it got: fewer
  /// than asked for only at the end, then 0.
  /// \throws AudioError if the file turns out damaged, shorter than its header
  /// says, without a single sample, or with samples that are not numbers
  std::size_t read(std::span<float> out);

  /// Goes back to the first sample. The file is decoded anew, with the same
  /// result to the last bit.
  /// \throws AudioError as the constructor
  void rewind();

  /// Rate of what read() gives. \unit Hz
  int sample_rate() const;

  /// Of the file itself; rate and channels are 0 where ffmpeg reads it.
  const AudioInfo& info() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads a whole file: mono, at `sample_rate`, rounded to 16 bit.
///
/// \port   whisper.audio.load_audio
/// \param  sample_rate \unit Hz
/// \throws AudioError naming the file and what to do, also for a file without
///         a single sample
Audio read_audio(const std::filesystem::path& file, int sample_rate = 16000);

} // namespace mlxaudio
