// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "models/whisper/normalizers/spoken_number.h"

#include <algorithm>

#include "text/python_unicode.h"

namespace mlxaudio::whisper {
namespace {

constexpr std::size_t kThousand = 3; // digits

std::u32string ascii(int value) {
  const std::string digits = std::to_string(value);
  return {digits.begin(), digits.end()};
}

std::u32string without_leading_zeros(std::u32string_view digits) {
  const std::size_t first = digits.find_first_not_of(U'0');
  return first == digits.npos ? U"0" : std::u32string(digits.substr(first));
}

std::size_t count_digits(std::u32string_view s) {
  return static_cast<std::size_t>(
      std::find_if_not(s.begin(), s.end(), text::is_python_digit) - s.begin());
}

} // namespace

SpokenNumber SpokenNumber::whole(int value) {
  return {false, ascii(value)};
}

SpokenNumber SpokenNumber::power_of_ten(int zeros) {
  return {false, U"1" + std::u32string(static_cast<std::size_t>(zeros), U'0')};
}

SpokenNumber SpokenNumber::text(std::u32string digits) {
  return {true, std::move(digits)};
}

std::optional<SpokenNumber> SpokenNumber::scaled(
    std::u32string_view digits, int zeros) {
  const std::size_t before = count_digits(digits);
  std::u32string_view after = digits.substr(before);
  if (!after.empty()) {
    if (after.front() != U'.') {
      return std::nullopt;
    }
    after.remove_prefix(1);
  }
  if (count_digits(after) != after.size() || before + after.size() == 0) {
    return std::nullopt;
  }
  std::u32string all;
  for (const char32_t c : digits) {
    if (c != U'.') {
      all += static_cast<char32_t>(U'0' + *text::decimal_value(c));
    }
  }
  // The digits behind the point that the power of ten does not make whole.
  const auto shift = static_cast<std::size_t>(zeros);
  if (after.size() > shift) {
    const std::size_t kept = all.size() - (after.size() - shift);
    if (all.find_first_not_of(U'0', kept) != all.npos) {
      return std::nullopt;
    }
    all.resize(kept);
  } else {
    all.append(shift - after.size(), U'0');
  }
  return SpokenNumber{false, without_leading_zeros(all)};
}

bool SpokenNumber::ends_in(std::size_t zeros) const {
  if (digits_.size() <= zeros) {
    return is_zero();
  }
  return digits_.find_first_not_of(U'0', digits_.size() - zeros) ==
         digits_.npos;
}

SpokenNumber SpokenNumber::plus(const SpokenNumber& other) const {
  std::u32string sum(std::max(digits_.size(), other.digits_.size()) + 1, U'0');
  char32_t carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const auto digit = [i](const std::u32string& digits) {
      return i < digits.size() ? digits[digits.size() - 1 - i] - U'0' : 0;
    };
    const char32_t total = digit(digits_) + digit(other.digits_) + carry;
    sum[sum.size() - 1 - i] = U'0' + total % 10;
    carry = total / 10;
  }
  return {false, without_leading_zeros(sum)};
}

SpokenNumber SpokenNumber::multiplied(int zeros) const {
  const std::size_t split =
      digits_.size() - std::min(digits_.size(), kThousand);
  const SpokenNumber before{
      false,
      without_leading_zeros(
          digits_.substr(0, split) + std::u32string(kThousand, U'0'))};
  const SpokenNumber residual{
      false,
      without_leading_zeros(
          digits_.substr(split) +
          std::u32string(static_cast<std::size_t>(zeros), U'0'))};
  return before.plus(residual);
}

bool is_number(std::u32string_view s) {
  const std::size_t before = count_digits(s);
  if (before == 0 || before == s.size()) {
    return before > 0;
  }
  const std::u32string_view after = s.substr(before + 1);
  return s[before] == U'.' && !after.empty() &&
         count_digits(after) == after.size();
}

} // namespace mlxaudio::whisper
