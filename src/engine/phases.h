// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "mlxaudio/load.h"
#include "models/whisper/config.h"

namespace mlxaudio::engine {

/// What a part of the work cannot do without.
struct Need {
  double flops = 0; ///< additions and multiplications of its products
  /// Bytes that it reads at least once: weights, and keys and values of the
  /// audio.
  double bytes = 0;
};

/// A part of the work, timed by itself.
struct Phase {
  std::string name;            ///< "encoder"
  std::vector<double> seconds; ///< of each repetition
  Need need;
};

struct PhaseOptions {
  int runs = 5;              ///< repetitions of each phase
  int steps = 32;            ///< of the decoder in each repetition
  int beams = 1;             ///< sequences in a step
  bool encoder_only = false; ///< time nothing after the encoder
};

/// Times the parts of a transcription: the spectrogram of a file ("mel"), the
/// encoder on its first 30 s ("encoder"), the decoder on what a window begins
/// with, where keys and values of the audio are made ("prompt"), and each step
/// after it ("step"). One repetition before the first is not counted.
/// \throws what loading a model and reading a file throw; InterruptedError
std::vector<Phase> time_phases(
    const std::string& model,
    const LoadOptions& load,
    const std::filesystem::path& file,
    const PhaseOptions& options,
    std::stop_token stop = {});

/// Bytes of one number that is read.
struct NumberBytes {
  /// Of linear layers that many rows go through: the encoder's, and those that
  /// make keys and values of the audio.
  double many = 0;
  double step = 0; ///< of linear layers that a step of the decoder goes through
  double vocabulary = 0;
  double convolutions = 0;
  double audio = 0; ///< of keys and values of the audio
};

/// What the encoder needs for one window.
Need encoder_need(const whisper::ModelDimensions& dims, NumberBytes bytes);

/// What the decoder's first pass over `tokens` tokens needs.
Need prompt_need(
    const whisper::ModelDimensions& dims, NumberBytes bytes, int tokens);

/// What a step of `beams` sequences needs, which share their audio.
Need step_need(
    const whisper::ModelDimensions& dims, NumberBytes bytes, int beams);

} // namespace mlxaudio::engine
