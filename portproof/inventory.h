// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/reference.h"

namespace portproof {

/// One row of the inventory: a class, function, table or group of constants of
/// the deciding reference, or what only the other one has.
struct Component {
  std::string name; ///< `whisper.decoding.GreedyDecoder`
  std::string kind; ///< module, class, dataclass, function, table, ...
  std::string file; ///< in the reference
  int line = 0;
  std::string sha256; ///< of its source and its counterparts' source
  std::vector<std::string> items; ///< methods, options, constants
  mlxaudio::Json row;
};

/// What must be ported. Made by the recorder, checked by its own hash.
struct Inventory {
  std::string sha256;
  mlxaudio::Json references;
  std::vector<Component> components;
  /// Names of the counterparts in the other reference, to their component.
  std::map<std::string, std::string> counterparts;

  /// \throws ConfigError if it is absent, malformed, edited by hand, or made
  /// from other packages than `reference` names
  static Inventory load(const Project& project, const Reference& reference);

  const Component* find(const std::string& name) const;
  /// The component that a tag names: itself, or the row of a method, option,
  /// constant or counterpart. Null: it names nothing.
  const Component* owner(const std::string& tag) const;
};

/// The hash of everything in it but its own `sha256`.
std::string content_hash(mlxaudio::Json json);

/// Adds the hash of everything else to an inventory, and gives its text.
std::string seal(mlxaudio::Json inventory);

/// Rules of reference.toml that match no component; each is a mistake.
std::vector<std::string> idle_rules(
    const Reference& reference, const Inventory& inventory);

} // namespace portproof
