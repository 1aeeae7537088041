// SPDX-License-Identifier: MIT
#include "cli/suggest.h"

#include <algorithm>
#include <cstddef>

#include "core/utf8.h"
#include "text/edit_distance.h"

namespace mlxaudio::cli {
namespace {

std::u32string characters_of(const std::string& word) {
  return to_utf32(replace_malformed_utf8(word)).value();
}

} // namespace

std::string nearest(
    const std::string& word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kSlips = 3; // more than these are another word
  constexpr std::size_t kBeginning = 4;
  std::string best;
  std::size_t least = kSlips + 1;
  const std::u32string typed = characters_of(word);
  for (const std::string& candidate : candidates) {
    const std::u32string known = characters_of(candidate);
    // A word of any length may stand on a command line.
    const auto [shorter, longer] = std::minmax({typed.size(), known.size()});
    if (longer - shorter > kSlips) {
      continue;
    }
    const std::size_t d =
        text::count(text::align_characters(typed, known)).edits();
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
