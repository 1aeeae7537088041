// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

namespace mlxaudio::text {

/// What a reader takes for one character each: `\X` of the package `regex`,
/// which follows Unicode's extended grapheme clusters.
std::vector<std::u32string_view> graphemes(std::u32string_view text);

} // namespace mlxaudio::text
