// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mlxaudio {

/// One step of decoding UTF-8.
struct Utf8Step {
  /// The code point, or nothing where the bytes are malformed.
  std::optional<char32_t> code_point;
  /// Bytes taken, at least 1. For malformed bytes this is the maximal subpart
  /// that Unicode (and Python) replaces by one U+FFFD.
  std::size_t size = 1;
};

/// Decodes the code point at `at`, which must be below `text.size()`. Overlong
/// forms, surrogates and values above U+10FFFF are malformed.
Utf8Step decode_utf8(std::string_view text, std::size_t at);

/// Whether all of `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

/// Code points of well-formed text; nothing if it is malformed.
std::optional<std::u32string> to_utf32(std::string_view text);

/// Appends a code point; a surrogate or a value out of range becomes U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

/// UTF-8 of code points.
std::string to_utf8(std::u32string_view code_points);

/// Replaces each malformed stretch with U+FFFD exactly as Python's
/// `bytes.decode("utf-8", errors="replace")` does: one for each maximal
/// subpart.
std::string replace_malformed_utf8(std::string_view text);

/// Foreign text as it may be shown in a message of one line: shortened to
/// `most` bytes, control characters and malformed bytes replaced.
std::string printable(std::string_view text, std::size_t most = 2000);

} // namespace mlxaudio
