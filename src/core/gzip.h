// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mlxaudio {

/// Inflates a gzip stream; nothing if it is malformed or longer than `limit`.
std::optional<std::string> inflate_gzip(
    std::string_view bytes, std::size_t limit);

} // namespace mlxaudio
