// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "cli/transcribe_options.h"
#include "cli/verb.h"

namespace mlxaudio::cli {

/// What the command line of `mlx-audio bench` asks for.
struct BenchArguments {
  /// How to transcribe: filled by the options of `transcribe`.
  std::shared_ptr<TranscribeArguments> transcribe =
      std::make_shared<TranscribeArguments>();
  int runs = 5;
  bool session_only = false; ///< transcriptions alone are timed
  bool encoder_only = false; ///< nothing after the encoder is timed
  bool profile = false;
  bool memory = false;
  bool json = false;
};

/// The table of its options, which fill `arguments`.
Verb bench_verb(const std::shared_ptr<BenchArguments>& arguments);

} // namespace mlxaudio::cli
