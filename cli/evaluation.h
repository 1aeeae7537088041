// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/scoring.h"
#include "core/json.h"
#include "mlxaudio/load.h"
#include "mlxaudio/stt.h"

namespace mlxaudio::cli {

/// What became of one audio file of a manifest.
struct FileResult {
  std::string id;
  std::string audio;
  std::size_t line = 0; ///< of the manifest
  std::string error;    ///< why it failed; empty: it did not
  std::string language;
  double duration = 0; ///< of the audio \unit s
  double seconds = 0;  ///< that it took \unit s
  std::string reference;
  std::string hypothesis;
  Score score;
};

/// Sums over the files that did not fail.
struct Totals {
  std::size_t files = 0;
  std::size_t failed = 0;
  double duration = 0; ///< \unit s
  double seconds = 0;  ///< \unit s
  text::EditCounts words;
  text::EditCounts characters;

  /// Counts a file that did not fail.
  void add(const FileResult& file);
};

/// A run over a manifest.
struct Evaluation {
  std::string manifest;
  ModelInfo model;
  TranscribeOptions options;
  Normalization normalization;
  std::vector<FileResult> files;
  bool complete = true; ///< false: interrupted

  Totals totals() const;
};

/// Time that it took for each second of audio; nothing for no audio.
std::optional<double> real_time_factor(double seconds, double duration);

/// The JSON that docs/evaluate.md describes.
std::string document(const Evaluation& evaluation);

/// Its counts of words or characters.
Json counts_json(const text::EditCounts& counts);

/// JSON on lines, whatever bytes its strings hold.
std::string dump(const Json& json);

/// Reads a file that `document` made: its files and what `evaluate-compare`
/// shows of the run.
/// \throws AudioError if it cannot be read; ManifestError if it is no such
///   document
Evaluation read_evaluation(const std::filesystem::path& path);

} // namespace mlxaudio::cli
