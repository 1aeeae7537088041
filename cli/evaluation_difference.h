// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/evaluation.h"

namespace mlxaudio::cli {

/// A file that two runs do not agree on.
struct FileDifference {
  const FileResult* before = nullptr; ///< null: it is only in the second
  const FileResult* after = nullptr;  ///< null: it is only in the first
  std::string what;                   ///< in words
};

/// Two runs, by the ids of their files.
struct EvaluationDifference {
  std::vector<FileDifference> files; ///< in the order of the first run
  std::size_t same = 0;              ///< files that agree
  /// Files that both runs transcribed, for rates that can be compared.
  Totals before;
  Totals after;

  bool differs() const {
    return !files.empty();
  }
  /// Whether the second run makes more errors in the files of both, or
  /// fails where the first did not.
  bool worse = false;
};

/// Compares transcripts, references and failures; times do not count.
EvaluationDifference difference(
    const Evaluation& before, const Evaluation& after);

/// For people: what differs, with the words, and the totals of both.
std::string difference_text(const EvaluationDifference& difference);

/// For programs: docs/evaluate.md describes it.
std::string difference_document(const EvaluationDifference& difference);

} // namespace mlxaudio::cli
