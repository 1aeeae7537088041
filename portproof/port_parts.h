// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "portproof/port.h"

namespace portproof {

/// A stretch of the port's source, in whole lines.
struct PortPart {
  std::string name; ///< of the definition, with its namespaces
  std::string file; ///< from the root of the sources
  int line = 0;
  int end_line = 0;

  bool holds(const std::string& in, int at) const {
    return in == file && line <= at && at <= end_line;
  }
};

/// The component's own code: the definitions that carry its tags, their
/// declarations, overloads and members wherever those are defined, and the
/// helpers without a tag in the files of all these that they, or other
/// helpers, name. Members belong to it even with a tag of another component.
std::vector<PortPart> port_parts(const Port& port, const Component& component);

/// Text of a part, its lines whole.
std::string part_text(const Sources& sources, const PortPart& part);

/// The code of a text, without comments and blank space.
/// \param file tells its language by its ending
std::string code_of(const std::string& file, const std::string& text);

/// What a signed reading rests on: the component's own code without comments
/// and blank space, wherever it lies, and the source of the references. Code
/// that it merely uses does not count.
std::string reading_fingerprint(const Port& port, const Component& component);

} // namespace portproof
