// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "portproof/commands/commands.h"
#include "portproof/progress.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;

struct StatusArguments {
  std::string build;
  bool check = false;
};

int run_status(const Commands& commands, const StatusArguments& o) {
  const Project project = commands.project();
  const fs::path build = build_folder(project, o.build);
  const std::vector<Section> sections = Progress::of(project, build).sections();
  bool red = false;
  for (const Section& s : sections) {
    for (const std::string& line : s.wrong) {
      fmt::print("{}: {}\n", s.reference.model, line);
      red = true;
    }
    for (const Rule& stage : s.reference.stages) {
      const Counts n = count(s, stage.text);
      fmt::print(
          "{}: {}: {} components, {} ported, {} verified\n",
          s.reference.model,
          stage.text,
          n.required,
          n.ported,
          n.verified);
    }
    if (!s.variants.empty()) {
      fmt::print(
          "{}: variants: {} rows, {} verified\n",
          s.reference.model,
          s.variants.size(),
          std::count_if(
              s.variants.begin(),
              s.variants.end(),
              [](const VariantMark& m) { return m.verified; }));
    }
  }
  const std::string text = document(sections);
  write_or_check(
      project.document(),
      text,
      o.check,
      "the sources and the evidence give",
      "status");
  if (!o.check) {
    fmt::print("wrote {}\n", project.document().string());
  }
  return red ? 1 : 0;
}

} // namespace

void add_status(Commands& commands) {
  const auto o = std::make_shared<StatusArguments>();
  CLI::App& command =
      commands.add("status", "write porting-progress.md", [&commands, o] {
        return run_status(commands, *o);
      });
  command.add_option("--build", o->build, "build folder");
  command.add_flag("--check", o->check, "fail if the committed one differs");
}

} // namespace portproof
