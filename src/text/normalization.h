// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mlxaudio::text {

/// `unicodedata.normalize("NFKD", s)` of the reference's Python: every
/// character in its parts, those that only look different too, and marks in
/// their canonical order.
std::u32string nfkd(std::u32string_view text);

/// `unicodedata.normalize("NFKC", s)`: the same, put together again.
std::u32string nfkc(std::u32string_view text);

} // namespace mlxaudio::text
