// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/scoring.h"
#include "cli/transcribe_options.h"
#include "cli/verb.h"

namespace mlxaudio::cli {

/// What the command line of `mlx-audio evaluate` asks for.
struct EvaluateArguments {
  /// How to transcribe: filled by the options of `transcribe`.
  std::shared_ptr<TranscribeArguments> transcribe =
      std::make_shared<TranscribeArguments>();
  Normalization normalization;
  std::optional<std::filesystem::path> audio_dir;
  std::optional<std::size_t> limit;
  std::string format; ///< "table" or "json", as given or by default
  bool json = false;  ///< whether the standard output gets JSON
  bool diff = false;
  /// Whether all files are in the language of the options, whatever the
  /// manifest says.
  bool language_given = false;
  std::optional<std::filesystem::path> output;
};

/// The table of its options, which fill `arguments`.
Verb evaluate_verb(const std::shared_ptr<EvaluateArguments>& arguments);

} // namespace mlxaudio::cli
