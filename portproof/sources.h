// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "portproof/adapter.h"
#include "portproof/lexer.h"

namespace portproof {

/// One source file of the port.
struct SourceFile {
  std::string text;
  std::string hash; ///< of its code, without comments and blank space
  std::vector<std::string> includes; ///< quoted, as written; what it rests on
  std::vector<Note> notes;
};

/// The source files of the port, by path from the root. Tests are left out:
/// nothing rests on them.
class Sources {
 public:
  /// \param folders below `root`, or files; those that do not exist are errors
  Sources(
      const std::filesystem::path& root,
      const std::vector<std::filesystem::path>& folders,
      const Adapter& adapter = {});

  const std::map<std::string, SourceFile>& files() const {
    return files_;
  }
  const SourceFile* find(const std::string& path) const;

  /// The file that `included` names when `from` includes it; empty: none of
  /// ours.
  std::string resolve(
      const std::string& from, const std::string& included) const;
  /// The other one of a `.h` and `.cpp` of the same name; empty: there is none.
  std::string beside(const std::string& path) const;

  /// Everything of ours that `from` rests on: itself, what it includes, and
  /// the `.cpp` beside each header, transitively.
  std::set<std::string> closure(const std::set<std::string>& from) const;
  /// What the compiler reads for one file: itself and what it includes.
  std::set<std::string> unit(const std::string& path) const;

 private:
  void add(
      const std::filesystem::path& root,
      const std::filesystem::path& file,
      const Adapter& adapter);
  std::set<std::string> reach(
      std::vector<std::string> todo, bool sources_too) const;

  std::vector<std::string> folders_;
  std::map<std::string, SourceFile> files_;
};

} // namespace portproof
