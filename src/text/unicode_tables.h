// SPDX-License-Identifier: MIT
#pragma once

// Tables of the Unicode Character Database, in the versions that the
// reference's Python has (see unicode_tables.cpp). Sorted by code point.

#include <cstdint>
#include <span>

#include "text/general_category.h"

namespace mlxaudio::text {

struct Range {
  char32_t first;
  char32_t last;
};

/// From here to the next entry: one category.
struct CategoryRun {
  char32_t first;
  GeneralCategory category;
};

/// From here to the next entry: one canonical combining class.
struct CombiningRun {
  char32_t first;
  std::uint8_t value;
};

/// `count` neighbours that each decompose, in one step, into `length`
/// characters, which stand in a row in `decomposed_characters()` from `at` on.
struct DecompositionRun {
  char32_t first;
  std::uint16_t count;
  std::uint8_t length;
  std::uint16_t at;
};

/// What NFC makes one.
struct Composition {
  char32_t first;
  char32_t second;
  char32_t composed;
};

/// Every `step`th of these has its lower case `delta` away.
struct LowerRun {
  char32_t first;
  char32_t last;
  std::uint8_t step;
  std::int32_t delta;
};

/// Grapheme_Cluster_Break; syllables of Hangul (LV, LVT) are not in the table.
enum class GraphemeBreak : std::uint8_t {
  Other,
  CR,
  LF,
  Control,
  Extend,
  ZWJ,
  Regional_Indicator,
  Prepend,
  SpacingMark,
  L,
  V,
  T,
  LV,
  LVT,
};

struct GraphemeRange {
  char32_t first;
  char32_t last;
  GraphemeBreak value;
};

std::span<const CategoryRun> category_runs();
std::span<const CombiningRun> combining_runs();
std::span<const DecompositionRun> decomposition_runs();
std::span<const char32_t> decomposed_characters();
std::span<const Composition> compositions();
std::span<const LowerRun> lower_runs();
/// Cased and not case-ignorable.
std::span<const Range> cased_ranges();
std::span<const Range> case_ignorable_ranges();
std::span<const GraphemeRange> grapheme_ranges();
std::span<const Range> pictographic_ranges();
std::span<const Range> conjunct_consonant_ranges();
std::span<const Range> conjunct_linker_ranges();
std::span<const Range> conjunct_extend_ranges();

/// The last element that begins at or before `value`; null if none does.
template <class Run>
const Run* run_of(std::span<const Run> runs, char32_t value) {
  std::size_t low = 0;
  std::size_t high = runs.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (runs[middle].first <= value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? nullptr : &runs[low - 1];
}

inline bool contains(std::span<const Range> ranges, char32_t value) {
  const Range* const range = run_of(ranges, value);
  return range != nullptr && value <= range->last;
}

} // namespace mlxaudio::text
