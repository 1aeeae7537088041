// SPDX-License-Identifier: MIT
#include "cli/suggest.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace mlxaudio::cli {
namespace {

/// Insertions, deletions and changes between two words.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

} // namespace

std::string nearest(
    const std::string& word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kSlips = 3; // more than these are another word
  constexpr std::size_t kBeginning = 4;
  std::string best;
  std::size_t least = kSlips + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t d = distance(word, candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  if (best.empty() && word.size() >= kBeginning) {
    const auto longer = std::find_if(
        candidates.begin(),
        candidates.end(),
        [&word](const std::string& c) { return c.rfind(word, 0) == 0; });
    return longer == candidates.end() ? "" : *longer;
  }
  return best;
}

std::string perhaps(
    const std::string& word, const std::vector<std::string>& candidates) {
  const std::string meant = nearest(word, candidates);
  return meant.empty() ? "" : ", perhaps " + meant + "?";
}

} // namespace mlxaudio::cli
