// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "portproof/inventory.h"
#include "portproof/reference.h"

namespace portproof {

/// What is known of one component of the port.
struct Mark {
  bool tagged = false;   ///< a C++ definition says that it ports it
  bool probed = false;   ///< a probe runs it
  bool verified = false; ///< by evidence whose fingerprint still holds
  std::string notes;     ///< figures, deviations, what expired
};

/// One model's part of the progress document.
struct Section {
  Reference reference;
  Inventory inventory;
  std::map<std::string, Mark> marks; ///< by component
  std::vector<std::string> wrong;    ///< what must be mended, a line each
};

/// Counts over the components that are to be ported.
struct Counts {
  int required = 0, ported = 0, verified = 0, waived = 0;
};
Counts count(const Section& section, const std::string& stage);

/// One row of a stage's table.
std::string row(const Section& section, const Component& component);

/// The whole progress document.
std::string document(const std::vector<Section>& sections);

} // namespace portproof
