// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/json.h"

namespace portproof {

/// A file of JSON lines that are added at the end and never changed.
///
/// Each line carries its own hash, so that an edit shows; a last line that a
/// kill cut short is passed over.
class RecordLog {
 public:
  /// Reads what is there; a file that does not exist is empty.
  explicit RecordLog(std::filesystem::path path);

  /// The lines that are whole.
  const std::vector<mlxaudio::Json>& lines() const {
    return lines_;
  }
  /// Lines that were edited, a text each.
  const std::vector<std::string>& damage() const {
    return damage_;
  }
  const std::filesystem::path& path() const {
    return path_;
  }

  /// Writes sealed lines at the end with one write, under a lock, and waits
  /// for the disk. \throws OutputError
  void append(const std::vector<mlxaudio::Json>& lines);

  /// The same for lines that depend on those before: reads the file anew while
  /// no other process may write, and seals what `make` gives.
  /// \throws OutputError, and whatever `make` throws: nothing is written then
  void append(const std::function<std::vector<mlxaudio::Json>()>& make);

  /// Adds the hash to a line.
  static mlxaudio::Json sealed(mlxaudio::Json line);

 private:
  void read(const std::string& text);
  void reload();

  std::filesystem::path path_;
  std::vector<mlxaudio::Json> lines_;
  std::vector<std::string> damage_;
};

/// The time in UTC, `2026-01-31T12:00:00Z`.
std::string utc_now();

/// What a line may mean to somebody who reads it: its hash's first digits.
std::string short_id(const mlxaudio::Json& line);

} // namespace portproof
