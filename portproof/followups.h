// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "portproof/record_log.h"

namespace portproof {

/// Something that somebody must still do or decide.
struct Followup {
  std::string id = {}; ///< first digits of its line's hash
  std::string time = {};
  std::string text = {};
  std::string component = {}; ///< or empty
  std::string source = {};    ///< who or what brought it up; may be empty
  bool blocker = false;
  std::string resolved = {}; ///< how
  std::string resolved_at = {};

  bool open() const {
    return resolved_at.empty();
  }
};

/// `followups.jsonl`: what was noted down, and how each was settled.
class Followups {
 public:
  explicit Followups(std::filesystem::path path);

  const std::vector<Followup>& all() const {
    return all_;
  }
  /// Those that are open, blockers first.
  std::vector<Followup> open() const;
  int blockers() const;
  const std::vector<std::string>& damage() const {
    return log_.damage();
  }

  /// Notes something down. Of `followup` the text, the component, the source
  /// and whether it blocks count. \throws ConfigError for an empty text
  Followup add(const Followup& followup);
  /// \param id its beginning is enough \param how may not be empty
  /// \throws ConfigError if there is no such one, or it is settled
  Followup resolve(const std::string& id, const std::string& how);

 private:
  void index();

  RecordLog log_;
  std::vector<Followup> all_;
};

} // namespace portproof
