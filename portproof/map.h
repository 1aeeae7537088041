// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/json.h"
#include "portproof/reference.h"

namespace portproof {

/// The map of a running reference: module tree, call order, data flow. Made by
/// the recorder, kept in `port/<model>/map.json`, checked by its own hash.
struct Map {
  mlxaudio::Json json;

  /// \throws ConfigError if it is absent, malformed, edited by hand, or made
  /// from other packages than `reference` names
  static Map load(const Project& project, const Reference& reference);
  static std::filesystem::path path(
      const Project& project, const std::string& model);
};

/// What of a map to show.
struct MapView {
  std::string reference; ///< key of one; empty: all
  int depth = 99;        ///< levels of modules and calls
  bool all = false;      ///< calls without arrays too
};

/// The text of a map's file: sealed, one node a line where it is short.
std::string sealed_map(mlxaudio::Json json);

/// \throws ConfigError if the view asks for a reference that the map lacks
std::string map_text(const Map& map, const MapView& view);

/// A drawing of one reference's calls: boxes in call order, one inside the
/// other, with arrows from what makes an array to what takes it.
/// \param alone with colours of its own, for a file
std::string map_svg(
    const Map& map, const std::string& key, int depth, bool alone);

/// A page with the tree, the calls and the drawing of each reference.
std::string map_html(const Map& map, const MapView& view);

/// A shape as people write it: "[1, 80, 3000]".
std::string shape_text(const mlxaudio::Json& shape);
/// A whole number with its thousands apart: "71,825,920".
std::string grouped(std::int64_t n);
/// Whether arrays go into or come out of a call, or one inside it.
bool has_arrays(const mlxaudio::Json& call);
/// What a call's line says of arrays: "x [1, 80] -> [1, 512]".
std::string arrays_text(const mlxaudio::Json& call);
/// The name of a call without the path of the one around it.
std::string short_name(const std::string& name, const std::string& around);
/// Names of the calls before it whose results a call takes.
std::string sources_text(
    const mlxaudio::Json& call,
    const mlxaudio::Json& siblings,
    const std::string& around);

} // namespace portproof
