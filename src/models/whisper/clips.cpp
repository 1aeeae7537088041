// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/transcribe.py), Copyright (c) 2022
// OpenAI, https://github.com/openai/whisper, licenses/whisper.txt.
#include "models/whisper/clips.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "models/whisper/audio.h"

namespace mlxaudio::whisper {

void check_clip_timestamps(const std::vector<double>& clip_timestamps) {
  // DEVIATION(whisper-clips): the reference takes times in any order, and
  // transcribes what lies in two clips twice; a time that is negative or past
  // the end makes it loop for ever.
  double before = 0;
  for (const double time : clip_timestamps) {
    if (!std::isfinite(time) || time < 0) {
      throw ArgumentError(fmt::format(
          "[whisper.transcribe] {} in clip_timestamps is no time: give seconds "
          "from 0 on",
          time));
    }
    if (time < before) {
      throw ArgumentError(fmt::format(
          "[whisper.transcribe] {} s in clip_timestamps follows {} s: give "
          "start and end of each clip, in order",
          time,
          before));
    }
    before = time;
  }
}

std::vector<Clip> seek_clips(
    const std::vector<double>& clip_timestamps, int content_frames) {
  check_clip_timestamps(clip_timestamps);
  std::vector<int> seek_points;
  for (const double time : clip_timestamps) {
    const double frame = nearest_frame(time);
    // The last frame may have begun.
    if (frame > content_frames + 1) {
      throw ArgumentError(fmt::format(
          "[whisper.transcribe] {} s in clip_timestamps is past the end of the "
          "audio, which has {} s",
          time,
          static_cast<double>(content_frames) / kFramesPerSecond));
    }
    seek_points.push_back(std::min(static_cast<int>(frame), content_frames));
  }
  if (seek_points.empty()) {
    seek_points.push_back(0);
  }
  if (seek_points.size() % 2 == 1) {
    seek_points.push_back(content_frames);
  }
  std::vector<Clip> clips;
  for (std::size_t i = 0; i < seek_points.size(); i += 2) {
    clips.push_back({seek_points[i], seek_points[i + 1]});
  }
  return clips;
}

} // namespace mlxaudio::whisper
