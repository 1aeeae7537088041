// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/transcribe.py), Copyright (c) 2022
// OpenAI, https://github.com/openai/whisper, licenses/whisper.txt.
#pragma once

#include <vector>

namespace mlxaudio::whisper {

/// A stretch of the audio. \unit mel frames
struct Clip {
  int begin;
  int end;

  bool operator==(const Clip&) const = default;
};

/// Checks what can be checked of clips without the audio.
/// \throws ArgumentError for a time that is negative or not a number, and for
///   one before that which it follows
void check_clip_timestamps(const std::vector<double>& clip_timestamps);

/// The clips of some audio: those between each two times, the last up to the
/// end if its time is missing. No times: all of the audio.
///
/// \port whisper.transcribe.transcribe.clip_timestamps
/// \param clip_timestamps rounded to frames, halves to even. \unit s
/// \throws ArgumentError as check_clip_timestamps(), and for a time past the
///   end of the audio
std::vector<Clip> seek_clips(
    const std::vector<double>& clip_timestamps, int content_frames);

} // namespace mlxaudio::whisper
