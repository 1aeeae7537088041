// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/record_log.h"

namespace portproof {

/// One run of one component, as it was recorded.
struct Evidence {
  std::string component;
  std::string variant; ///< empty: an ordinary run
  int round = 1;
  bool pass = false;
  std::string fingerprint;
  std::string sources; ///< hash of the `sources` line that it rests on
  mlxaudio::Json line;
};

/// `evidence.jsonl`: lines are added at the end and never changed.
///
/// Each line carries its own hash, so that an edit shows; a last line that a
/// kill cut short is passed over. A `sources` line keeps the hash of every C++
/// file once for all components that were verified in that state.
class EvidenceFile {
 public:
  /// Reads what is there; a file that does not exist is empty.
  explicit EvidenceFile(std::filesystem::path path);

  /// The last line of a component's ordinary runs, or null.
  const Evidence* last(const std::string& component) const;
  /// The same, of those that a round asked for.
  const Evidence* last(const std::string& component, int round) const;
  /// The last line of a component in a variant, or null.
  const Evidence* last_of_variant(
      const std::string& component, const std::string& variant) const;
  /// File hashes that a line rests on; empty if its `sources` line is lost.
  std::map<std::string, std::string> sources(const Evidence& evidence) const;
  /// Lines that were edited, a text each.
  const std::vector<std::string>& damage() const {
    return log_.damage();
  }

  /// Writes lines at the end with one write, under a lock, and waits for the
  /// disk. \throws OutputError
  void append(const std::vector<mlxaudio::Json>& lines);

  /// Adds the hash to a line.
  static mlxaudio::Json sealed(mlxaudio::Json line);

 private:
  /// Takes in the lines of the log from the `from`-th on.
  void index(std::size_t from);

  RecordLog log_;
  std::vector<Evidence> lines_;
  std::map<std::string, mlxaudio::Json> sources_;
};

/// The line that keeps file hashes, and its hash.
mlxaudio::Json sources_line(const std::map<std::string, std::string>& files);

} // namespace portproof
