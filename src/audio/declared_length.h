// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "audio/input_file.h"

namespace mlxaudio {

/// How many bytes a file should have at least, by what its own header says.
///
/// Decoders take a file that was cut short for a shorter one. WAV (RIFF, RF64),
/// AIFF, Ogg's last page and the first frame of most MP3 files say how long it
/// was. Absent where the file does not say, as for WAV that was written to a
/// pipe.
std::optional<std::uint64_t> declared_length(const InputFile& input);

} // namespace mlxaudio
