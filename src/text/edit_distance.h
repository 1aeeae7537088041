// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mlxaudio::text {

/// One step of the way from a reference to a hypothesis.
enum class Edit : std::uint8_t {
  hit,          ///< both have it
  substitution, ///< one for another
  deletion,     ///< only the reference has it
  insertion,    ///< only the hypothesis has it
};

/// How far hypotheses are from their references, in words or characters.
struct EditCounts {
  std::size_t hits = 0;
  std::size_t substitutions = 0;
  std::size_t deletions = 0;
  std::size_t insertions = 0;

  std::size_t edits() const {
    return substitutions + deletions + insertions;
  }
  /// Words or characters of the references.
  std::size_t reference() const {
    return hits + substitutions + deletions;
  }
  /// Edits for each word of the references: 0 of nothing and nothing, and
  /// no number where there is a hypothesis for an empty reference.
  std::optional<double> rate() const;

  EditCounts& operator+=(const EditCounts& other);
  bool operator==(const EditCounts&) const = default;
};

/// The least number of edits that make the hypothesis out of the reference
/// (Levenshtein's distance), in order, and of those with as many, the one with
/// the most hits, so that the counts of each kind are determined.
///
/// The time is that of the lengths times the edits; the memory does not grow
/// with the product of the lengths.
std::vector<Edit> align(
    std::span<const std::uint32_t> reference,
    std::span<const std::uint32_t> hypothesis);

EditCounts count(std::span<const Edit> edits);

/// The same of words, which are equal if their bytes are.
std::vector<Edit> align_words(
    std::span<const std::string_view> reference,
    std::span<const std::string_view> hypothesis);

/// Of the characters of two texts, spaces too.
std::vector<Edit> align_characters(
    std::u32string_view reference, std::u32string_view hypothesis);

} // namespace mlxaudio::text
