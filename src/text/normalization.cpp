// SPDX-License-Identifier: MIT
#include "text/normalization.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <tuple>

#include "text/unicode_tables.h"

namespace mlxaudio::text {
namespace {

// Hangul is put together by arithmetic (The Unicode Standard, 3.12).
constexpr char32_t kSyllables = 0xAC00;
constexpr char32_t kLeading = 0x1100;
constexpr char32_t kVowels = 0x1161;
constexpr char32_t kTrailing = 0x11A7; // one before the first
constexpr char32_t kLeadingCount = 19;
constexpr char32_t kVowelCount = 21;
constexpr char32_t kTrailingCount = 28; // with "none"
constexpr char32_t kSyllableCount =
    kLeadingCount * kVowelCount * kTrailingCount;

bool within(char32_t value, char32_t first, char32_t count) {
  return value >= first && value - first < count;
}

std::uint8_t combining_class(char32_t value) {
  return run_of(combining_runs(), value)->value;
}

void append_decomposed(std::u32string& out, char32_t value) {
  if (within(value, kSyllables, kSyllableCount)) {
    const char32_t at = value - kSyllables;
    out.push_back(kLeading + at / (kVowelCount * kTrailingCount));
    out.push_back(kVowels + at / kTrailingCount % kVowelCount);
    if (at % kTrailingCount != 0) {
      out.push_back(kTrailing + at % kTrailingCount);
    }
    return;
  }
  const DecompositionRun* const run = run_of(decomposition_runs(), value);
  if (run == nullptr || !within(value, run->first, run->count)) {
    out += value;
    return;
  }
  const std::size_t at =
      run->at + std::size_t{value - run->first} * run->length;
  for (const char32_t part : decomposed_characters().subspan(at, run->length)) {
    append_decomposed(out, part);
  }
}

/// Sorts each stretch of marks by combining class; equal ones keep their
/// order.
void order_marks(std::u32string& text) {
  for (auto begin = text.begin(); begin != text.end();) {
    if (combining_class(*begin) == 0) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, text.end(), [](char32_t c) {
      return combining_class(c) == 0;
    });
    std::stable_sort(begin, end, [](char32_t a, char32_t b) {
      return combining_class(a) < combining_class(b);
    });
    begin = end;
  }
}

/// What two characters make, or 0.
char32_t composed(char32_t first, char32_t second) {
  if (within(first, kLeading, kLeadingCount) &&
      within(second, kVowels, kVowelCount)) {
    return kSyllables +
           ((first - kLeading) * kVowelCount + (second - kVowels)) *
               kTrailingCount;
  }
  if (within(first, kSyllables, kSyllableCount) &&
      (first - kSyllables) % kTrailingCount == 0 &&
      within(second, kTrailing + 1, kTrailingCount - 1)) {
    return first + (second - kTrailing);
  }
  const auto all = compositions();
  const auto found = std::lower_bound(
      all.begin(),
      all.end(),
      std::tie(first, second),
      [](const Composition& row, const auto& pair) {
        return std::tie(row.first, row.second) < pair;
      });
  return found != all.end() && found->first == first && found->second == second
             ? found->composed
             : 0;
}

} // namespace

std::u32string nfkd(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t value : text) {
    append_decomposed(out, value);
  }
  order_marks(out);
  return out;
}

std::u32string nfkc(std::u32string_view text) {
  const std::u32string parts = nfkd(text);
  std::u32string out;
  out.reserve(parts.size());
  constexpr std::size_t kNone = std::u32string::npos;
  std::size_t starter = kNone; // in `out`
  // Class of the last mark kept since the starter: one of the same or a
  // higher class stands between it and what follows.
  int blocking = -1;
  for (const char32_t value : parts) {
    const int own = combining_class(value);
    if (starter != kNone && blocking < own) {
      if (const char32_t whole = composed(out[starter], value)) {
        out[starter] = whole;
        continue;
      }
    }
    if (own == 0) {
      starter = out.size();
      blocking = -1;
    } else {
      blocking = own;
    }
    out += value;
  }
  return out;
}

} // namespace mlxaudio::text
