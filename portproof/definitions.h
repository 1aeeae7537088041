// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "portproof/sources.h"

namespace portproof {

/// A C++ definition that a `\port` tag sits on.
struct Definition {
  std::string tag;      ///< what it ports
  std::string tag_file; ///< where the tag is
  int tag_line = 0;
  std::string name; ///< in C++, with its namespaces
  std::string kind; ///< class, function, variable, ...
  std::string file; ///< where it is defined; empty: `problem` says why
  int line = 0;
  int end_line = 0;
  std::string problem;
};

/// What was found in the files that have tags.
struct Definitions {
  std::vector<Definition> tagged;
  /// All definitions in them, with or without a tag.
  std::vector<Definition> all;
  /// Parameters of functions and lambdas in them.
  std::vector<Definition> parameters;
};

/// Finds the definitions of all tags with libclang.
///
/// Parsing is slow, so what was found is kept in `cache` until the text of the
/// file or the way it is compiled changes.
/// \param wanted tags to find; files that have no other are not parsed
/// \param compile_commands from the build; its include paths and macros are
/// used. Where it does not exist, the folders of `sources` are.
Definitions find_definitions(
    const std::filesystem::path& root,
    const Sources& sources,
    const std::filesystem::path& compile_commands,
    const std::filesystem::path& cache,
    const std::function<bool(const std::string& tag)>& wanted);

} // namespace portproof
