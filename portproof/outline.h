// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/inventory.h"
#include "portproof/reference.h"

namespace portproof {

/// An argument of a Python signature.
struct Argument {
  std::string name;
  std::string type;  ///< annotation; empty: none
  std::string value; ///< default; empty: none
};

/// The arguments of "(self, x: Tensor, *, n: int=3, **rest)", without `self`,
/// `cls` and the stars.
std::vector<Argument> arguments_of(const std::string& signature);

/// A method or function to be written.
struct Task {
  std::string name; ///< of the symbol in the reference, whole
  int line = 0;
  std::vector<Argument> arguments;
  std::string seen; ///< arrays of a recorded call; empty: none is known
  int results = -1; ///< arrays that it was seen to give; -1: not seen
};

/// A weight of a module's own or of a layer in it.
struct Parameter {
  std::string name;
  std::vector<std::string> shape; ///< numbers and names of sizes
};

/// A submodule.
struct Member {
  std::string name;
  std::string type; ///< class in the reference; empty: not known
  bool many = false;
  std::vector<Parameter> parameters; ///< of it alone, where it is a plain layer
  std::vector<Argument> settings;    ///< of its class, if it is a component
};

/// What a component is made of, in the order of the reference, for a port in
/// any language.
struct Outline {
  std::string name, kind, file;
  int line = 0;
  /// The library's layer of the same name that the class only changes; empty:
  /// it is none of those.
  std::string wraps;
  std::vector<Argument> settings;    ///< arguments of `__init__`
  std::vector<Parameter> parameters; ///< its own
  std::vector<Member> members;
  std::vector<Argument> values; ///< fields and constants
  std::vector<Task> tasks;
};

/// \param map what was recorded of the running references; may be null
Outline outline(
    const Component& component,
    const Inventory& inventory,
    const mlxaudio::Json& map);

/// A file of a skeleton.
struct Skeleton {
  std::string path; ///< "model.h", "probes/model.cpp"
  std::string text;
};

/// Skeletons of the components of one file of the reference. None compiles
/// until every place that says PORT THIS is filled in.
/// \param language "c++" or "python"
/// \throws ConfigError for another language
std::vector<Skeleton> scaffold(
    const Reference& reference,
    const std::vector<Outline>& parts,
    const std::string& language);

std::vector<Skeleton> scaffold_cpp(
    const Reference& reference, const std::vector<Outline>& parts);
std::vector<Skeleton> scaffold_python(
    const Reference& reference, const std::vector<Outline>& parts);

/// The last part of a dotted name.
std::string last_part(const std::string& name);

} // namespace portproof
