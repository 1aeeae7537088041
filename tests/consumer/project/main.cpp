// SPDX-License-Identifier: MIT
#include <iostream>

#include "mlxaudio/error.h"
#include "mlxaudio/stt.h"

/// Checks, across the library's border, that an error arrives as what it was
/// thrown as; with a model folder and a file, transcribes.
int main(int argc, char** argv) {
  try {
    mlxaudio::SpeechToText::load("/nonexistent/model");
    std::cerr << "a model that is not there was loaded\n";
    return 1;
  } catch (const mlxaudio::Error& error) {
    std::cout << error.what() << '\n';
  }
  if (argc == 3) {
    const auto model = mlxaudio::SpeechToText::load(argv[1]);
    std::cout << model.transcribe(std::filesystem::path(argv[2])).text << '\n';
  }
  return 0;
}
