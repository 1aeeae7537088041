// SPDX-License-Identifier: MIT
#include "portproof/sources.h"

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "mlxaudio/error.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;

bool is_header(const std::string& path) {
  return path.ends_with(".h") || path.ends_with(".hpp");
}
bool is_source(const std::string& path) {
  return path.ends_with(".cpp") || path.ends_with(".cc");
}

} // namespace

Sources::Sources(const fs::path& root, const std::vector<fs::path>& folders) {
  for (const fs::path& folder : folders) {
    if (!fs::is_directory(root / folder)) {
      throw mlxaudio::ConfigError(fmt::format(
          "[portproof] {} is not a folder: correct [port] `sources`",
          (root / folder).string()));
    }
    folders_.push_back(folder.generic_string());
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string path =
          entry.path().lexically_relative(root).generic_string();
      const bool test =
          path.ends_with("_test.cpp") || path.ends_with("_bench.cpp");
      if (!entry.is_regular_file() || test ||
          !(is_header(path) || is_source(path))) {
        continue;
      }
      SourceFile file;
      file.text =
          mlxaudio::read_file(entry.path(), mlxaudio::ErrorCode::config);
      const std::vector<Token> tokens = lex(file.text);
      file.hash = code_hash(file.text);
      file.includes = quoted_includes(tokens);
      file.notes = notes(tokens);
      files_.emplace(path, std::move(file));
    }
  }
}

const SourceFile* Sources::find(const std::string& path) const {
  const auto it = files_.find(path);
  return it == files_.end() ? nullptr : &it->second;
}

std::string Sources::resolve(
    const std::string& from, const std::string& included) const {
  const std::string near = (fs::path(from).parent_path() / included)
                               .lexically_normal()
                               .generic_string();
  if (files_.contains(near)) {
    return near;
  }
  for (const std::string& folder : folders_) {
    const std::string path =
        (fs::path(folder) / included).lexically_normal().generic_string();
    if (files_.contains(path)) {
      return path;
    }
  }
  return {};
}

std::string Sources::beside(const std::string& path) const {
  static const std::vector<std::string> kSourceEndings = {".cpp", ".cc"};
  static const std::vector<std::string> kHeaderEndings = {".h", ".hpp"};
  for (const std::string& ending :
       is_header(path) ? kSourceEndings : kHeaderEndings) {
    const std::string other =
        fs::path(path).replace_extension(ending).generic_string();
    if (files_.contains(other)) {
      return other;
    }
  }
  return {};
}

std::set<std::string> Sources::closure(
    const std::set<std::string>& from) const {
  return reach({from.begin(), from.end()}, true);
}

std::set<std::string> Sources::unit(const std::string& path) const {
  return reach({path}, false);
}

std::set<std::string> Sources::reach(
    std::vector<std::string> todo, bool sources_too) const {
  std::set<std::string> done;
  while (!todo.empty()) {
    const std::string path = todo.back();
    todo.pop_back();
    const SourceFile* file = find(path);
    if (file == nullptr || !done.insert(path).second) {
      continue;
    }
    for (const std::string& included : file->includes) {
      if (const std::string other = resolve(path, included); !other.empty()) {
        todo.push_back(other);
      }
    }
    if (sources_too && is_header(path)) {
      if (const std::string other = beside(path); !other.empty()) {
        todo.push_back(other);
      }
    }
  }
  return done;
}

} // namespace portproof
