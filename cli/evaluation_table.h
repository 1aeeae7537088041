// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/evaluation.h"

namespace mlxaudio::cli {

/// An evaluation as people read it: a line for each file and totals.
class Table {
 public:
  /// \param ids that the first column has to hold
  explicit Table(const std::vector<std::string>& ids);

  std::string header() const;
  /// \param diff whether to show, below a file with errors, its words
  std::string row(const FileResult& file, bool diff) const;
  std::string summary(const Totals& totals) const;

 private:
  std::size_t width_; ///< of the first column
};

/// A share as "3.23%"; "-" of nothing.
std::string percent(const std::optional<double>& share);

/// "WER 3.23% (2 of 62 words: 1 substituted, 0 deleted, 1 inserted)".
std::string rate_line(
    std::string_view name,
    std::string_view unit,
    const text::EditCounts& counts);

/// The end of a text, in exactly `width` columns if each character takes one.
std::string fit(std::string_view text, std::size_t width);

} // namespace mlxaudio::cli
