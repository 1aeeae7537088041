// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/record_log.h"

namespace portproof {

/// A reading that was signed.
struct Signature {
  std::string component, reader;
  std::string fingerprint; ///< of the code that was read
  std::string time;
  std::string page; ///< of a bundle: the reader did not see the checkout
  int round = 0;
  bool lost = false; ///< its reader signed a page with a planted defect
  mlxaudio::Json reading;
};

/// What is known of one reader.
struct ReaderRecord {
  std::string reader;
  int signed_pages = 0;
  int lost = 0;    ///< signatures that no longer count
  int planted = 0; ///< pages with a planted defect that came back
  int caught = 0;
  int objected = 0; ///< honest pages that the reader did not sign
};

/// A bundle of pages that is with a reader.
struct OpenBundle {
  std::string id, reader, time;
  std::string commitment; ///< SHA-256 of what is kept secret until it is back
  int round = 0;
  mlxaudio::Json pages; ///< page id, component, fingerprint
};

/// `readings.jsonl`: signed readings, bundles of pages, what planted defects
/// showed.
///
/// Every line names the one before it of the same reader, so that taking one
/// out shows.
class Readings {
 public:
  explicit Readings(std::filesystem::path path);

  const std::vector<Signature>& signatures() const {
    return signatures_;
  }
  /// The last signature of a component in a round that still counts, or null.
  /// Round 0 is any.
  const Signature* last(const std::string& component, int round) const;
  std::vector<ReaderRecord> readers() const;
  const std::vector<OpenBundle>& bundles() const {
    return bundles_;
  }
  const std::vector<std::string>& damage() const {
    return damage_;
  }
  /// The last thing that was written down of a component by a reader who found
  /// it wrong, after which nobody signed it; or null.
  const mlxaudio::Json* objection(
      const std::string& component, int round) const;

  /// Adds lines, each with its time and the reader's line before it. They are
  /// written at once or not at all. \throws OutputError
  void append(
      const std::string& reader, const std::vector<mlxaudio::Json>& lines);

 private:
  void index();
  void take(const mlxaudio::Json& line);
  void check_secret(const mlxaudio::Json& line);

  RecordLog log_;
  std::vector<Signature> signatures_;
  std::map<std::string, ReaderRecord> readers_;
  /// Reader to the place in `signatures_` from which on they may be lost.
  std::map<std::string, std::size_t> since_caught_;
  std::vector<OpenBundle> bundles_;
  std::vector<std::string> damage_;
};

} // namespace portproof
