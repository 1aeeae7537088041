// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio::text {

/// Unicode's general category L (`\p{L}`).
bool is_letter(char32_t value);

/// Unicode's general category N (`\p{N}`).
bool is_number(char32_t value);

/// Unicode's White_Space (`\s` of Rust's regex crate, which tiktoken uses).
bool is_white_space(char32_t value);

} // namespace mlxaudio::text
