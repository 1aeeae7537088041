// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

namespace mlxaudio::text {

/// Cuts UTF-8 text into the pieces of GPT-2's pattern
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+|
/// ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
///
/// Written out by hand rather than given to a regex library: those differ in
/// their Unicode version (some 9000 letters between PCRE2 10.42 and tiktoken)
/// and in what `\s` is, and so in the tokens.
std::vector<std::string_view> gpt2_split(std::string_view text);

} // namespace mlxaudio::text
