// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/json.h"
#include "engine/memory_report.h"

namespace mlxaudio::cli {

/// A line of JSON's object, of `type` "memory"; docs/json.md describes it.
Json memory_json(const engine::MemoryReport& report);

/// The same for people.
std::string memory_table(const engine::MemoryReport& report);

} // namespace mlxaudio::cli
