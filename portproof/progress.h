// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include "portproof/port.h"

namespace portproof {

/// All models of a project with what is known of each.
struct Progress {
  std::vector<Port> ports;

  /// \param build the build folder
  static Progress of(
      const Project& project, const std::filesystem::path& build);

  /// Inventories of the other models, whose tags are no mistake in this one.
  std::vector<const Inventory*> others(const Port& port) const;
  /// Each model's part of the progress document.
  std::vector<Section> sections() const;
};

} // namespace portproof
