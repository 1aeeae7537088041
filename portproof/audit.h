// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "portproof/reference.h"

namespace portproof {

/// A practice that a program can check.
struct Practice {
  const char* id;
  const char* what; ///< a finding's first words
  const char* why;
  const char* mend;
};

/// All checks, in the order of docs/model-optimization.md.
const std::vector<Practice>& checks();

/// The practices that only a reader can judge, as questions for a review.
const std::vector<const char*>& review_questions();

/// A place that does not follow a practice.
struct AuditFinding {
  std::string check; ///< its id; empty: what is wrong is an AUDIT comment
  std::string file;
  int line = 0;
  std::string code;   ///< the source line
  std::string what;   ///< what was found there
  std::string answer; ///< reason of the AUDIT comment that accepts it
};

/// Checks one C++ source. A finding is answered by a comment
/// `AUDIT(check-id): reason` on its line, before its statement, or in the
/// comment before its function. A comment that answers nothing, gives no
/// reason or names no check is a finding itself.
/// \param file how findings call it
std::vector<AuditFinding> audit_source(
    const std::string& file, std::string_view source);

struct Audit {
  std::vector<AuditFinding> findings; ///< by file and line
  int files = 0;

  int open() const;
  int answered() const;
  mlxaudio::Json json() const;
};

/// Checks the sources of a port: `[audit] sources` of reference.toml, else
/// those of `[port]`, without tests.
/// \param only a file or folder below the root; empty: all
/// \throws ConfigError if `only` has no source
Audit audit(
    const Project& project,
    const Reference& reference,
    const std::string& only);

} // namespace portproof
