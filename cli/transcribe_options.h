// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/verb.h"
#include "mlxaudio/load.h"
#include "mlxaudio/stt.h"

namespace mlxaudio::cli {

/// What the command line of `mlx-audio transcribe` asks for.
struct TranscribeArguments {
  std::string model;
  LoadOptions load;
  TranscribeOptions options;
  std::optional<std::string> format; ///< of kOutputFormats, or "all"
  std::optional<std::filesystem::path> output_dir;
  bool verbose = false;
  bool stats = false;
};

/// The table of its options, which fill `arguments`.
Verb transcribe_verb(const std::shared_ptr<TranscribeArguments>& arguments);

} // namespace mlxaudio::cli
