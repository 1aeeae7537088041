// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mlxaudio::whisper {

/// What the number that is being read is in the reference: an `int` or a
/// `str`. Whole numbers are kept as their digits, so that they have no limit.
class SpokenNumber {
 public:
  /// A whole number.
  static SpokenNumber whole(int value);
  /// 10 to the power of `zeros`.
  static SpokenNumber power_of_ten(int zeros);
  /// A text of digits and points.
  static SpokenNumber text(std::u32string digits);
  /// `digits` times 10 to the power of `zeros`, if that is whole; nothing too
  /// for what Python's `Fraction` would not read ("3.1.4").
  /// \param digits of any script, and points
  static std::optional<SpokenNumber> scaled(
      std::u32string_view digits, int zeros);

  bool is_text() const {
    return is_text_;
  }
  bool is_zero() const {
    return !is_text_ && digits_ == U"0";
  }
  /// `str(value)`.
  const std::u32string& str() const {
    return digits_;
  }

  /// Whether a whole number is a multiple of 10 to the power of `zeros`.
  bool ends_in(std::size_t zeros) const;
  /// A whole number plus another.
  SpokenNumber plus(const SpokenNumber& other) const;
  /// `value // 1000 * 1000 + value % 1000 * 10**zeros`: the multiplier counts
  /// what was said since the last one.
  SpokenNumber multiplied(int zeros) const;

 private:
  SpokenNumber(bool is_text, std::u32string digits)
      : is_text_(is_text), digits_(std::move(digits)) {}

  bool is_text_;
  std::u32string digits_; ///< ASCII, and no needless 0, if not a text
};

/// `re.match(r"^\d+(\.\d+)?$", s)`.
bool is_number(std::u32string_view s);

} // namespace mlxaudio::whisper
