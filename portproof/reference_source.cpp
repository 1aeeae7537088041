// SPDX-License-Identifier: MIT
#include "portproof/reference_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/text.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;

/// Folders that a module may lie in: the unpacked archive, then what is
/// installed in the environment (`uses` may name symbols of other packages).
std::vector<fs::path> folders(const Package& package, const Workplace& work) {
  std::vector<fs::path> out = {
      work.folder / "src" / package.key / package.root};
  std::error_code none;
  const fs::path state = work.folder / "fetch.json";
  if (fs::exists(state, none)) {
    const fs::path python = mlxaudio::read_json(state).value("python", "");
    const fs::path library = python.parent_path().parent_path() / "lib";
    for (const auto& entry : fs::directory_iterator(library, none)) {
      out.push_back(entry.path() / "site-packages");
    }
  }
  return out;
}

/// Statements of the constants of a module, which lie apart from each other.
std::vector<Statement> constants(
    const Component& component, const std::string& text) {
  std::vector<Statement> out;
  for (const Json& item : component.row.at("items")) {
    const int line = item.value("line", 0);
    for (Statement& s :
         python_statements(text, line, python_block_end(text, line))) {
      out.push_back(std::move(s));
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.line < b.line;
  });
  out.erase(
      std::unique(
          out.begin(),
          out.end(),
          [](const auto& a, const auto& b) { return a.line == b.line; }),
      out.end());
  return out;
}

} // namespace

const Package& owner(const Reference& reference, const Component& component) {
  const std::string only = component.row.value("only", "");
  const auto it = std::find_if(
      reference.packages.begin(),
      reference.packages.end(),
      [&](const Package& p) { return p.key == only; });
  return it == reference.packages.end() ? reference.deciding() : *it;
}

ReferenceSource reference_source(
    const Reference& reference,
    const Inventory& inventory,
    const Component& component,
    const Workplace& work) {
  const Package& package = owner(reference, component);
  ReferenceSource source;
  source.package = package.package + ' ' + package.version;
  source.file = component.file;
  for (const fs::path& folder : folders(package, work)) {
    if (fs::exists(folder / component.file)) {
      source.path = folder / component.file;
      break;
    }
  }
  if (source.path.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] {} is not in {}: run `portproof fetch {}`, or say with "
        "--dir where the references are",
        component.file,
        work.folder.string(),
        reference.model));
  }
  const std::string text =
      mlxaudio::read_file(source.path, mlxaudio::ErrorCode::config);
  if (inventory.references.contains(package.key)) {
    const Json files =
        inventory.references.at(package.key).value("files", Json::object());
    const std::string listed = files.value(component.file, "");
    if (!listed.empty() && listed != mlxaudio::sha256(text)) {
      throw ConfigError(fmt::format(
          "[portproof] {} is not what the inventory was made from: run "
          "`portproof fetch {}` again",
          source.path.string(),
          reference.model));
    }
  }
  source.lines = split_lines(text);
  source.line = component.line;
  source.end_line = component.row.value("end_line", component.line);
  const bool python = component.file.ends_with(".py");
  if (python && component.kind == "constants") {
    source.statements = constants(component, text);
    return source;
  }
  if (python && source.end_line <= source.line) {
    source.end_line = python_block_end(text, source.line);
  }
  source.statements =
      python ? python_statements(text, source.line, source.end_line)
             : line_statements(text, source.line, source.end_line);
  return source;
}

} // namespace portproof
