// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mlxaudio {

/// Bytes of a text in the alphabet of Python's `base64.b85decode`; nothing if
/// it is malformed.
std::optional<std::string> decode_base85(std::string_view text);

} // namespace mlxaudio
