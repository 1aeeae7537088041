// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"
#include "mlxaudio/stt.h"

namespace mlxaudio::cli {

/// What a line says of an input that was transcribed, besides the result.
struct ResultFacts {
  std::string file; ///< as given
  std::string model;
  std::string task;
  double duration = 0;                        ///< of the audio \unit s
  double seconds = 0;                         ///< that the work took \unit s
  std::vector<std::filesystem::path> outputs; ///< that were written
};

/// A result as one line of JSON; docs/json.md describes it.
std::string result_line(
    const ResultFacts& facts, const Transcription& transcription);

/// What went wrong, as one line of JSON.
/// \param file the input; empty where it is not one input's failure
std::string error_line(
    const std::optional<std::string>& file,
    ExitCode code,
    std::string_view message);

} // namespace mlxaudio::cli
