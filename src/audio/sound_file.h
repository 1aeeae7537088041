// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "audio/input_file.h"
#include "audio/source.h"

namespace mlxaudio {

/// A file that libsndfile decodes, mixed to mono.
struct SoundFile {
  /// Absent if libsndfile does not know the format.
  std::unique_ptr<AudioSource> source;
  /// libsndfile's words, if it does not.
  std::string problem;
};

/// Opens a file by libsndfile. `input` must live as long as the source.
///
/// \param  sample_rate at which the samples are wanted: if it is the file's own
///         they come rounded to 16 bit, the way ffmpeg rounds their type;
///         otherwise as they are and at the file's rate, to be resampled.
/// \throws AudioError for a file that is known but cannot be used: absurd rate,
///         channels that have no mono mix, shorter than its header says
SoundFile open_sound_file(const InputFile& input, int sample_rate);

} // namespace mlxaudio
