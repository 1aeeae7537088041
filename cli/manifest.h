// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mlxaudio/error.h"

namespace mlxaudio::cli {

/// A manifest, or a result of an evaluation, that cannot be read.
class ManifestError : public AudioError {
 public:
  using AudioError::AudioError;
};

/// An audio file and what is said in it.
struct ManifestEntry {
  std::size_t line = 0; ///< of the manifest, from 1, that it begins on
  std::string id; ///< unique; the audio's name as written if none is given
  std::filesystem::path audio;
  std::string text;
  std::optional<std::string> language; ///< as written
  std::optional<double> duration;      ///< \unit s
};

/// Reads the text of a manifest: JSON lines, CSV (RFC 4180) or TSV, by the
/// ending of `name`, else by how it begins. docs/evaluate.md lists the fields.
/// Relative paths stay relative.
/// \throws ManifestError naming the line
std::vector<ManifestEntry> parse_manifest(
    std::string_view bytes, const std::filesystem::path& name);

/// Reads a manifest. Relative paths are those below `audio_dir`, or else the
/// manifest's own folder.
/// \throws AudioError if it cannot be read; ManifestError naming the line
std::vector<ManifestEntry> read_manifest(
    const std::filesystem::path& path,
    const std::optional<std::filesystem::path>& audio_dir);

} // namespace mlxaudio::cli
