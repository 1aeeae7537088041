// SPDX-License-Identifier: MIT
#include "portproof/sources.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/line_definitions.h"

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

Sources::Sources(
    const fs::path& root,
    const std::vector<fs::path>& folders,
    const Adapter& adapter) {
  for (const fs::path& folder : folders) {
    const fs::path path = root / folder;
    const bool single = !adapter.cpp && fs::is_regular_file(path);
    if (!single && !fs::is_directory(path)) {
      throw mlxaudio::ConfigError(fmt::format(
          "[portproof] {} is not a folder: correct [port] `sources`",
          path.string()));
    }
    folders_.push_back(folder.generic_string());
    if (single) {
      add(root, path, adapter);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) {
        add(root, entry.path(), adapter);
      }
    }
  }
}

void Sources::add(
    const fs::path& root, const fs::path& path, const Adapter& adapter) {
  const std::string name = path.lexically_relative(root).generic_string();
  SourceFile file;
  if (adapter.cpp) {
    const bool test =
        name.ends_with("_test.cpp") || name.ends_with("_bench.cpp");
    if (test || !(is_header(name) || is_source(name))) {
      return;
    }
    file.text = mlxaudio::read_file(path, mlxaudio::ErrorCode::config);
    const std::vector<Token> tokens = lex(file.text);
    file.hash = code_hash(file.text);
    file.includes = quoted_includes(tokens);
    file.notes = notes(tokens);
  } else {
    if (std::none_of(
            adapter.endings.begin(),
            adapter.endings.end(),
            [&](const std::string& e) { return name.ends_with(e); })) {
      return;
    }
    file.text = mlxaudio::read_file(path, mlxaudio::ErrorCode::config);
    file.hash = mlxaudio::sha256(code_lines(file.text, adapter.comment));
    file.notes = line_notes(file.text, adapter.comment);
    if (const auto it = adapter.rests_on.find(name);
        it != adapter.rests_on.end()) {
      file.includes = it->second;
    }
  }
  files_.emplace(name, std::move(file));
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
  if (files_.contains(included)) {
    return included; // the whole path, as `rests_on` has it
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
