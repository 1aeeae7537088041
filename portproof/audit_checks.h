// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "portproof/code.h"

namespace portproof {

/// Takes a finding: the check's id, the token it is at, what was found.
using Report = std::function<void(
    const char* check, std::size_t token, const std::string& what)>;

/// Runs all checks of `checks()` over one source.
void run_checks(const Code& code, const Report& report);

} // namespace portproof
