// SPDX-License-Identifier: MIT
#include "portproof/stamp.h"

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/recorder.h"

namespace portproof {

namespace fs = std::filesystem;
using mlxaudio::Json;

Json Stamp::json() const {
  return {{"files", files}, {"probes", probes}};
}

Stamp Stamp::of(const Json& json) {
  Stamp stamp;
  for (const auto& [file, hash] : json.at("files").items()) {
    stamp.files[file] = hash.get<std::string>();
  }
  for (const auto& [component, hash] : json.at("probes").items()) {
    stamp.probes[component] = hash.get<std::string>();
  }
  return stamp;
}

Stamp Stamp::now(const Project& project, const Reference& reference) {
  Stamp stamp;
  const Sources sources(
      port_root(project, reference),
      reference.sources,
      reference.adapter);
  for (const auto& [path, file] : sources.files()) {
    stamp.files[path] = file.hash;
  }
  for (const auto& [component, probe] : find_probes(project, reference)) {
    stamp.probes[component] = probe.hash;
  }
  return stamp;
}

std::string stamp_source(const Stamp& stamp) {
  // In pieces, since compilers limit the length of one literal.
  constexpr std::size_t kPiece = 8000;
  const std::string text = stamp.json().dump();
  std::string out =
      "// Made by `portproof stamp`.\n"
      "#include <string_view>\n\n"
      "std::string_view portproof_stamp();\n"
      "std::string_view portproof_stamp() {\n"
      "  return\n";
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    out += fmt::format("      R\"({})\"\n", text.substr(at, kPiece));
  }
  return out + "      ;\n}\n";
}

void check_objects(
    const Project& project,
    const Sources& sources,
    const std::vector<fs::path>& objects) {
  for (const fs::path& object : objects) {
    // `.../CMakeFiles/mlxaudio_ops.dir/linear.cpp.o` is made from the one
    // `linear.cpp` whose folder the path ends with without the target's own.
    const std::string name = object.stem().string();
    const std::string text = object.generic_string();
    const std::size_t marker = text.find("/CMakeFiles/");
    if (marker == std::string::npos) {
      continue;
    }
    std::string folder = text.substr(0, marker);
    const std::size_t target = text.find(".dir/", marker);
    const std::size_t last = text.rfind('/');
    if (target != std::string::npos && target + 4 < last) {
      folder += text.substr(target + 4, last - target - 4);
    }
    for (const auto& [path, file] : sources.files()) {
      const fs::path source(path);
      const std::string in = "/" + source.parent_path().generic_string();
      if (source.filename() != name || !folder.ends_with(in)) {
        continue;
      }
      std::error_code none;
      const auto built = fs::last_write_time(object, none);
      for (const std::string& used : sources.unit(path)) {
        if (fs::last_write_time(project.root / used, none) > built) {
          throw mlxaudio::ConfigError(fmt::format(
              "[portproof] {} was edited while the build ran: build again",
              used));
        }
      }
    }
  }
}

} // namespace portproof
