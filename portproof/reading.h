// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/reference.h"

namespace portproof {

/// What a reader says of one statement of the reference: which lines of the
/// port do its work, or why none need to. Exactly one is given.
struct StatementReading {
  int number = 0;                ///< from 1, as the page numbers them
  std::vector<std::string> port; ///< `file:line` or `file:first-last`
  std::string deviation;         ///< id of a `DEVIATION(id)` of the port
  std::string not_applicable;    ///< the reason
};

/// Something that a reader found wrong, or wants to be looked at.
struct Finding {
  std::string what;
  std::string at; ///< `file:line` of the port; may be empty
  bool minor = false;
};

/// A reading of one component, as its reader wrote it down.
struct Reading {
  std::string component;
  std::string page;        ///< id of a page from `review export`, or empty
  std::string fingerprint; ///< of the code that was read, or empty
  bool right = false;      ///< `verdict`
  bool answered = false;   ///< whether there is a verdict
  std::vector<StatementReading> statements;
  struct Question {
    std::string asked, answer;
  };
  std::vector<Question> questions;
  struct Experiment {
    std::string command, figure;
  };
  std::vector<Experiment> experiments;
  std::vector<Finding> findings;
  mlxaudio::Json json; ///< as written

  /// Reads TOML, or JSON if the name ends with `.json`.
  /// \param unanswered_too takes one without a verdict
  /// \throws ConfigError naming the file and the key
  static Reading load(
      const std::filesystem::path& path, bool unanswered_too = false);
};

/// Lines of a file of the port.
struct LineRange {
  std::string file;
  int first = 0, last = 0;
};

/// Reads `file:line` or `file:first-last`; nothing: it is neither.
std::optional<LineRange> line_range(const std::string& text);

/// Who may read what: `[review]` of reference.toml.
struct ReviewRules {
  /// Ids of those who wrote the port, with patterns of what each wrote.
  std::map<std::string, std::vector<std::string>> authors;
  /// Whether authors may read their own code; the progress document says so.
  bool solo = false;
  /// Patterns of components whose reading always needs an experiment, besides
  /// those that are seen to be discrete.
  std::vector<std::string> discrete, stochastic;

  /// \throws ConfigError naming the key
  static ReviewRules of(const Reference& reference);
  bool wrote(const std::string& reader, const std::string& component) const;
};

/// Checks that a reader's id is plain: letters, digits, `-`, `_`.
/// \throws ConfigError
void check_reader(const std::string& reader);

} // namespace portproof
