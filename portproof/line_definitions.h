// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "portproof/adapter.h"
#include "portproof/definitions.h"
#include "portproof/lexer.h"
#include "portproof/sources.h"

namespace portproof {

/// Tags and deviations in the comments of any language.
std::vector<Note> line_notes(
    const std::string& text, const std::string& comment);

/// Names that may be of probes, in any language: those with a dot that are the
/// first argument of a call, as in `add("package.module.Name"`.
std::vector<std::string> line_probes(const std::string& text);

/// Definitions in any language, found line by line: what follows a tag, and
/// what `[port.symbols]` names.
Definitions find_line_definitions(
    const Sources& sources,
    const Adapter& adapter,
    const std::function<bool(const std::string& tag)>& wanted);

} // namespace portproof
