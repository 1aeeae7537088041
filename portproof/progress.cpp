// SPDX-License-Identifier: MIT
#include "portproof/progress.h"

namespace portproof {

Progress Progress::of(
    const Project& project, const std::filesystem::path& build) {
  Progress all;
  for (const std::string& model : project.models()) {
    all.ports.emplace_back(project, model, build);
  }
  return all;
}

std::vector<const Inventory*> Progress::others(const Port& port) const {
  std::vector<const Inventory*> out;
  for (const Port& other : ports) {
    if (&other != &port) {
      out.push_back(&other.inventory);
    }
  }
  return out;
}

std::vector<Section> Progress::sections() const {
  std::vector<Section> out;
  for (const Port& port : ports) {
    out.push_back(port.section(others(port)));
  }
  return out;
}

} // namespace portproof
