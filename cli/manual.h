// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace mlxaudio::cli {

/// The manual page mlx-audio(1), in the macros of man(7).
/// \param version of the program
std::string manual(const std::vector<Verb>& verbs, const std::string& version);

} // namespace mlxaudio::cli
