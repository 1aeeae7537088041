// SPDX-License-Identifier: MIT
// Transcribes a file and prints what was said, with times.
//
//     transcribe MODEL FILE

#include <cstdio>

#include "mlxaudio/stt.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODEL FILE\n", argv[0]);
    return 2;
  }
  try {
    const auto model = mlxaudio::SpeechToText::load(argv[1]);
    const auto result = model.transcribe(std::filesystem::path(argv[2]));

    std::printf("language: %s\n", result.language.c_str());
    for (const auto& segment : result.segments) {
      std::printf(
          "%7.2f to %7.2f s:%s\n",
          segment.start,
          segment.end,
          segment.text.c_str());
    }
  } catch (const mlxaudio::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
