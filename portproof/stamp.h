// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/port.h"

namespace portproof {

/// What a program of probes was built from.
struct Stamp {
  std::map<std::string, std::string> files;  ///< C++ file to hash of its code
  std::map<std::string, std::string> probes; ///< component to hash

  /// Whether a C++ file had this hash when the program was built.
  bool holds(const std::string& file, const std::string& hash) const {
    const auto built = files.find(file);
    return built != files.end() && built->second == hash;
  }
  mlxaudio::Json json() const;
  static Stamp of(const mlxaudio::Json& json);
  /// Of the sources as they are now.
  static Stamp now(const Project& project, const Reference& reference);
};

/// The C++ file that carries a stamp into a program: it defines
/// `std::string_view portproof_stamp()`.
std::string stamp_source(const Stamp& stamp);

/// Checks that no object file is older than what it was compiled from, so that
/// an edit made while the build ran is not stamped as built.
/// \param objects object files of a build by Ninja or Make
/// \throws ConfigError naming the file
void check_objects(
    const Project& project,
    const Sources& sources,
    const std::vector<std::filesystem::path>& objects);

} // namespace portproof
