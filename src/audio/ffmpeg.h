// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "audio/input_file.h"
#include "audio/source.h"

namespace mlxaudio {

/// The first executable `ffmpeg` on PATH.
std::optional<std::filesystem::path> find_ffmpeg();

/// Decodes by a child process `ffmpeg`, told what the reference tells it:
/// mono, 16 bit, `sample_rate`. No shell, no network protocols.
/// \throws AudioError (from read()) with ffmpeg's own words if it fails
std::unique_ptr<AudioSource> open_ffmpeg(
    const std::filesystem::path& program,
    const std::filesystem::path& file,
    const InputFile& input,
    int sample_rate);

} // namespace mlxaudio
