// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "mlxaudio/audio.h"

namespace mlxaudio {

/// How samples are stored in a WAV file.
enum class WavFormat {
  pcm16,   ///< rounded to the nearest, clipped at full scale
  float32, ///< as they are
};

/// Writes mono audio as a WAV file that appears whole or not at all.
///
/// \throws OutputError naming the file; AudioError for samples that are not
///         numbers, or more than a WAV file can hold
void write_wav(
    const std::filesystem::path& file,
    const Audio& audio,
    WavFormat format = WavFormat::pcm16);

} // namespace mlxaudio
