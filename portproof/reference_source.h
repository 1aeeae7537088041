// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "portproof/inventory.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"
#include "portproof/statements.h"

namespace portproof {

/// The reference's source of one component, as it was unpacked.
struct ReferenceSource {
  std::filesystem::path path;
  std::string package;            ///< "openai-whisper 20250625"
  std::string file;               ///< in the package
  std::vector<std::string> lines; ///< of the whole file
  int line = 1, end_line = 1;     ///< of the component
  std::vector<Statement> statements;
};

/// The reference whose symbol a component is.
const Package& owner(const Reference& reference, const Component& component);

/// Finds it, checks that it is what the inventory was made from, and cuts it
/// into statements.
/// \throws ConfigError if it is not there (`portproof fetch` brings it), or
/// was edited
ReferenceSource reference_source(
    const Reference& reference,
    const Inventory& inventory,
    const Component& component,
    const Workplace& work);

} // namespace portproof
