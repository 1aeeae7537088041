// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mlxaudio::cli {

/// What somebody may have meant: the candidate that is nearest to `word`, or
/// that begins with it. Empty if none is near.
std::string nearest(
    const std::string& word, const std::vector<std::string>& candidates);

/// ", perhaps X?" of the nearest candidate, or nothing.
std::string perhaps(
    const std::string& word, const std::vector<std::string>& candidates);

} // namespace mlxaudio::cli
