// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mlxaudio::cli {

/// The files that a command line names, patterns (`*.wav`) expanded in order
/// of name. What is a file by itself is not taken for a pattern, and a pattern
/// that fits nothing stays, to fail as a file that is not there.
std::vector<std::string> expand(const std::vector<std::string>& arguments);

} // namespace mlxaudio::cli
