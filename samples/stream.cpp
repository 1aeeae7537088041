// SPDX-License-Identifier: MIT
// Prints segments as soon as they are known, and stops after some of them.
//
//     stream MODEL FILE SEGMENTS

#include <cstdio>
#include <cstdlib>
#include <stop_token>

#include "mlxaudio/stt.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s MODEL FILE SEGMENTS\n", argv[0]);
    return 2;
  }
  try {
    const auto model = mlxaudio::SpeechToText::load(argv[1]);

    mlxaudio::TranscribeOptions options;
    options.language = "en";

    // Anyone may ask to stop: another thread, a signal, or a callback.
    std::stop_source stop;
    long left = std::atol(argv[3]);

    mlxaudio::TranscribeCallbacks callbacks;
    callbacks.on_segments =
        [&](const std::vector<mlxaudio::Segment>& segments) {
          for (const auto& segment : segments) {
            std::printf("%3d%s\n", segment.id, segment.text.c_str());
            std::fflush(stdout);
            if (--left <= 0) {
              stop.request_stop();
            }
          }
        };
    callbacks.on_progress = [](const mlxaudio::TranscribeProgress& progress) {
      std::fprintf(stderr, "%.0f of %.0f s\n", progress.done, progress.total);
    };

    const auto result = model.transcribe(
        std::filesystem::path(argv[2]),
        options,
        callbacks,
        stop.get_token());
    std::printf(
        "%s: %zu segments\n",
        result.complete ? "complete" : "stopped",
        result.segments.size());
  } catch (const mlxaudio::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
