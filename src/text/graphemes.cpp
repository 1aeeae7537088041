// SPDX-License-Identifier: MIT
#include "text/graphemes.h"

#include "text/unicode_tables.h"

namespace mlxaudio::text {
namespace {

using G = GraphemeBreak;

G break_of(char32_t value) {
  constexpr char32_t kSyllables = 0xAC00;
  constexpr char32_t kSyllableCount = 11172;
  constexpr char32_t kTrailingCount = 28;
  if (value >= kSyllables && value - kSyllables < kSyllableCount) {
    return (value - kSyllables) % kTrailingCount == 0 ? G::LV : G::LVT;
  }
  const GraphemeRange* const range = run_of(grapheme_ranges(), value);
  return range != nullptr && value <= range->last ? range->value : G::Other;
}

bool ends_line(G value) {
  return value == G::CR || value == G::LF || value == G::Control;
}

/// What of a cluster's past its rules look back at. Names in brackets are
/// those of Unicode Standard Annex 29.
class Cluster {
 public:
  explicit Cluster(char32_t first) {
    add(first);
  }

  /// Whether `next` belongs to it.
  bool takes(char32_t next) const {
    const G after = break_of(next);
    if (last_ == G::CR) {
      return after == G::LF; // GB3
    }
    if (ends_line(last_) || ends_line(after)) {
      return false; // GB4, GB5
    }
    if (last_ == G::L &&
        (after == G::L || after == G::V || after == G::LV || after == G::LVT)) {
      return true; // GB6
    }
    if ((last_ == G::LV || last_ == G::V) && (after == G::V || after == G::T)) {
      return true; // GB7
    }
    if ((last_ == G::LVT || last_ == G::T) && after == G::T) {
      return true; // GB8
    }
    if (after == G::Extend || after == G::ZWJ || after == G::SpacingMark ||
        last_ == G::Prepend) {
      return true; // GB9, GB9a, GB9b
    }
    if (linked_ && contains(conjunct_consonant_ranges(), next)) {
      return true; // GB9c
    }
    if (joined_ && contains(pictographic_ranges(), next)) {
      return true; // GB11
    }
    return after == G::Regional_Indicator && odd_indicators_; // GB12, GB13
  }

  void add(char32_t next) {
    const G value = break_of(next);
    if (contains(conjunct_linker_ranges(), next)) {
      linked_ = true;
    } else if (!contains(conjunct_extend_ranges(), next)) {
      linked_ = false;
    }
    joined_ = pictographic_ && value == G::ZWJ;
    if (value != G::Extend) {
      pictographic_ = contains(pictographic_ranges(), next);
    }
    odd_indicators_ = value == G::Regional_Indicator && !odd_indicators_;
    last_ = value;
  }

 private:
  G last_ = G::Other;
  /// A linker was there, with only extenders since. Unicode asks for a
  /// consonant before them; `regex` does not.
  bool linked_ = false;
  bool pictographic_ = false; ///< with only extenders since
  bool joined_ = false;       ///< and now the joiner
  bool odd_indicators_ = false;
};

} // namespace

std::vector<std::u32string_view> graphemes(std::u32string_view text) {
  std::vector<std::u32string_view> out;
  while (!text.empty()) {
    Cluster cluster(text.front());
    std::size_t length = 1;
    while (length < text.size() && cluster.takes(text[length])) {
      cluster.add(text[length]);
      ++length;
    }
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

} // namespace mlxaudio::text
