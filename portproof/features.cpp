// SPDX-License-Identifier: MIT
#include "portproof/features.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "portproof/text.h"

namespace portproof {

std::set<std::string> features_in(std::string_view cpuinfo) {
  std::set<std::string> found;
  for (const std::string& line : split_lines(cpuinfo)) {
    const std::size_t colon = line.find(':');
    // "flags" on x86-64, "Features" on Arm.
    if (colon == std::string::npos ||
        !(line.starts_with("flags") || line.starts_with("Features"))) {
      continue;
    }
    std::istringstream words(line.substr(colon + 1));
    found.insert(
        std::istream_iterator<std::string>(words),
        std::istream_iterator<std::string>());
    break;
  }
  return found;
}

std::set<std::string> processor_features() {
  std::ifstream file("/proc/cpuinfo");
  const std::string text{
      std::istreambuf_iterator<char>(file),
      std::istreambuf_iterator<char>()};
  return features_in(text);
}

} // namespace portproof
