// SPDX-License-Identifier: MIT
#include "text/python_unicode.h"

#include "text/general_category.h"
#include "text/python.h"
#include "text/unicode_tables.h"

namespace mlxaudio::text {
namespace {

constexpr char32_t kSigma = 0x03A3;
constexpr char32_t kSmallSigma = 0x03C3;
constexpr char32_t kFinalSigma = 0x03C2;

bool is_ignorable(char32_t value) {
  return contains(case_ignorable_ranges(), value);
}

/// Whether the sigma at `at` ends a word: a cased character stands before it
/// and none after it, others looked through.
bool ends_word(std::u32string_view text, std::size_t at) {
  std::size_t before = at;
  while (before > 0 && is_ignorable(text[before - 1])) {
    --before;
  }
  if (before == 0 || !contains(cased_ranges(), text[before - 1])) {
    return false;
  }
  std::size_t after = at + 1;
  while (after < text.size() && is_ignorable(text[after])) {
    ++after;
  }
  return after == text.size() || !contains(cased_ranges(), text[after]);
}

} // namespace

bool is_python_word(char32_t value) {
  const char major = major_class(general_category(value));
  return major == 'L' || major == 'N' || value == '_';
}

bool is_python_digit(char32_t value) {
  return general_category(value) == GeneralCategory::Nd;
}

std::optional<int> decimal_value(char32_t value) {
  if (!is_python_digit(value)) {
    return std::nullopt;
  }
  // Unicode gives out decimal digits from zero to nine in a row.
  constexpr char32_t kDigits = 10;
  return static_cast<int>(
      (value - run_of(category_runs(), value)->first) % kDigits);
}

bool is_word_boundary(std::u32string_view text, std::size_t at) {
  const bool before = at > 0 && is_python_word(text[at - 1]);
  const bool after = at < text.size() && is_python_word(text[at]);
  return before != after;
}

std::u32string python_lower(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t value = text[i];
    if (value == kSigma) {
      out += ends_word(text, i) ? kFinalSigma : kSmallSigma;
      continue;
    }
    if (value == U'\u0130') { // the one that becomes two
      out += U"i\u0307";
      continue;
    }
    const LowerRun* const run = run_of(lower_runs(), value);
    const bool upper = run != nullptr && value <= run->last &&
                       (value - run->first) % run->step == 0;
    out += upper ? static_cast<char32_t>(
                       static_cast<std::int64_t>(value) + run->delta)
                 : value;
  }
  return out;
}

std::vector<std::u32string_view> python_split(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    if (is_python_space(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_python_space(text[end])) {
      ++end;
    }
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::u32string collapse_spaces(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  bool space = false;
  for (const char32_t value : text) {
    if (!is_python_space(value)) {
      out += value;
    } else if (!space) {
      out += U' ';
    }
    space = is_python_space(value);
  }
  return out;
}

} // namespace mlxaudio::text
