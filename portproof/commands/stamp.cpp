// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/port.h"
#include "portproof/stamp.h"

namespace portproof {
namespace {

using mlxaudio::ErrorCode;
using mlxaudio::read_file;
using mlxaudio::write_file;
namespace fs = std::filesystem;

struct StampArguments {
  std::string model, out, objects;
};

int run_stamp(const Commands& commands, const StampArguments& o) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, o.model);
  if (!o.objects.empty()) {
    const std::string list = read_file(o.objects, ErrorCode::config);
    std::vector<fs::path> objects;
    std::string one;
    for (const char c : list + '\n') {
      if (c == '\n' || c == ';') {
        if (!one.empty()) {
          objects.emplace_back(one);
        }
        one.clear();
      } else {
        one += c;
      }
    }
    check_objects(
        project,
        Sources(project.root, reference.sources, reference.adapter),
        objects);
  }
  const Stamp stamp = Stamp::now(project, reference);
  const std::string text = fs::path(o.out).extension() == ".json"
                               ? stamp.json().dump(1) + "\n"
                               : stamp_source(stamp);
  const bool same =
      fs::exists(o.out) && read_file(o.out, ErrorCode::config) == text;
  if (!same) { // else what was built from it stays as it is
    write_file(o.out, text);
  }
  return 0;
}

} // namespace

void add_stamp(Commands& commands) {
  const auto o = std::make_shared<StampArguments>();
  CLI::App& command = commands.add(
      "stamp",
      "C++ source with the hashes of what is built",
      [&commands, o] { return run_stamp(commands, *o); });
  add_model(command, o->model);
  command.add_option("--out", o->out, "C++, or JSON if it ends in .json")
      ->required();
  command.add_option("--objects", o->objects, "list of object files to check");
}

} // namespace portproof
