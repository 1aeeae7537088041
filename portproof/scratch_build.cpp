// SPDX-License-Identifier: MIT
#include "portproof/scratch_build.h"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/in_parallel.h"
#include "portproof/process.h"
#include "portproof/recorder.h"
#include "portproof/text.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;

constexpr std::chrono::minutes kBuildLimit{10};

/// For a shell.
std::string shell_word(const std::string& word) {
  return "'" + replaced(word, "'", "'\\''") + "'";
}

Finished shell(const fs::path& folder, const std::string& line) {
  return run(
      {{"sh",
        "-c",
        fmt::format("cd {} && {}", shell_word(folder.string()), line)},
       {},
       kBuildLimit});
}

/// The first line that says what is wrong.
std::string trouble_of(const Finished& finished) {
  if (finished.timed_out) {
    return "the build did not end within 10 minutes";
  }
  const std::string said = finished.err + "\n" + finished.out;
  std::string last;
  for (std::size_t at = 0; at < said.size();) {
    const std::size_t end = std::min(said.find('\n', at), said.size());
    const std::string line = said.substr(at, end - at);
    at = end + 1;
    if (line.find("error") != std::string::npos ||
        line.find("undefined") != std::string::npos ||
        line.find("multiple definition") != std::string::npos) {
      return line.substr(0, 300);
    }
    last = line.empty() ? last : line;
  }
  return last.empty() ? describe(finished) : last.substr(0, 300);
}

/// What a compiler's command line writes.
std::string output_of(const std::string& command) {
  const std::size_t at = command.find(" -o ");
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t begin = at + 4;
  return command.substr(begin, command.find(' ', begin) - begin);
}

/// What a file includes, if it holds nothing else, as those that CMake writes
/// to compile others together; else nothing.
std::vector<fs::path> files_joined_by(const fs::path& file) {
  std::vector<fs::path> files;
  if (!fs::exists(file)) {
    return files;
  }
  const std::string begin = "#include \"";
  for (const std::string& line :
       split_lines(mlxaudio::read_file(file, mlxaudio::ErrorCode::config))) {
    if (line.starts_with(begin) && line.ends_with('"')) {
      files.emplace_back(
          line.substr(begin.size(), line.size() - begin.size() - 1));
    } else if (!line.empty() && !line.starts_with("/*")) {
      return {};
    }
  }
  return files;
}

bool is_left_out(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(".") || name == "build" || name == "__pycache__";
}

/// Copies a folder without what is hidden or built.
void copy_folder(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path& path = entry.path();
    if (is_left_out(path) || entry.is_symlink()) {
      continue;
    }
    if (entry.is_directory()) {
      copy_folder(path, to / path.filename());
    } else if (entry.is_regular_file()) {
      fs::copy_file(
          path,
          to / path.filename(),
          fs::copy_options::overwrite_existing);
    }
  }
}

} // namespace

ScratchBuild::ScratchBuild(
    const Port& port, fs::path build, const fs::path& folder)
    : port_(port),
      build_(std::move(build)),
      folder_(folder),
      command_(port.reference.adapter.build) {
  std::error_code none;
  fs::remove_all(folder_.path() / "project", none);
  if (is_whole()) {
    copy_folder(port.project.root, copy().root);
    fs::create_directories(copy_build());
    return;
  }
  find_link();
  for (const fs::path& source : port.reference.sources) {
    folders_.push_back(source.generic_string());
  }
  folders_.emplace_back("port");
  for (const std::string& name : folders_) {
    copy_folder(port.project.root / name, copy().root / name);
  }
  find_units();
}

void ScratchBuild::find_link() {
  const std::string trouble = fmt::format(
      "[portproof] mutants cannot be built from {}",
      build_.string());
  if (!fs::exists(build_ / "build.ninja") ||
      !fs::exists(build_ / "compile_commands.json")) {
    throw ConfigError(fmt::format(
        "{}: name a build folder of CMake and Ninja with --build, or a command "
        "with [port] `build` in {}",
        trouble,
        port_.reference.path.string()));
  }
  const Finished finished = run(
      {{"ninja",
        "-C",
        build_.string(),
        "-t",
        "commands",
        port_.reference.executable},
       {},
       std::chrono::minutes(1)});
  std::string out = finished.out;
  while (!out.empty() && out.back() == '\n') {
    out.pop_back();
  }
  link_ = out.substr(out.rfind('\n') + 1);
  const std::string target = "-o " + port_.reference.executable + " ";
  const std::size_t at = link_.find(target);
  if (finished.code != 0 || at == std::string::npos) {
    throw ConfigError(fmt::format(
        "{}: Ninja does not say how {} is linked",
        trouble,
        port_.reference.executable));
  }
  link_.replace(at, target.size(), "-o {PROGRAM} {OBJECTS} ");
}

void ScratchBuild::find_units() {
  const Sources files(port_.project.root, [&] {
    std::vector<fs::path> folders = port_.reference.sources;
    folders.emplace_back("port");
    return folders;
  }());
  try {
    for (const Json& entry :
         mlxaudio::read_json(build_ / "compile_commands.json")) {
      Unit unit;
      unit.command = entry.at("command");
      unit.directory = entry.at("directory").get<std::string>();
      unit.output = output_of(unit.command);
      if (!is_linked(unit.output)) {
        continue;
      }
      const fs::path file = entry.at("file").get<std::string>();
      std::vector<fs::path> parts = files_joined_by(file);
      if (parts.empty()) {
        parts.push_back(file);
      } else {
        unit.joined = file;
      }
      for (const fs::path& part : parts) {
        const std::string name =
            part.lexically_relative(port_.project.root).generic_string();
        if (files.find(name) != nullptr) {
          unit.files.push_back(name);
        }
      }
      if (!unit.files.empty()) {
        units_.push_back(std::move(unit));
      }
    }
  } catch (const Json::exception& e) {
    throw ConfigError(fmt::format(
        "[portproof] {}: {}: configure the build anew",
        (build_ / "compile_commands.json").string(),
        e.what()));
  }
}

bool ScratchBuild::is_linked(const std::string& output) const {
  if (output.empty()) {
    return false;
  }
  if (link_.find(" " + output + " ") != std::string::npos) {
    return true;
  }
  // `.../name.dir/file.cpp.o` is in the archive `libname.a`.
  const std::size_t end = output.find(".dir/");
  if (end == std::string::npos) {
    return false;
  }
  const std::size_t begin = output.rfind('/', end) + 1;
  return link_.find("lib" + output.substr(begin, end - begin) + ".a") !=
         std::string::npos;
}

std::string ScratchBuild::moved(const std::string& text) const {
  std::string out = text;
  for (const std::string& name : folders_) {
    for (const char* after : {"/", " ", "\""}) {
      out = replaced(
          out,
          (port_.project.root / name).string() + after,
          (copy().root / name).string() + after);
    }
  }
  return out;
}

std::string ScratchBuild::compile(const Unit& unit, const fs::path& object) {
  if (fs::exists(object)) {
    return {};
  }
  const fs::path unfinished = object.string() + ".new";
  std::string command = moved(unit.command);
  if (!unit.joined.empty()) {
    const fs::path joined = object.string() + ".cpp";
    mlxaudio::write_file(
        joined,
        moved(mlxaudio::read_file(unit.joined, mlxaudio::ErrorCode::config)));
    command = replaced(command, unit.joined.string(), joined.string());
  }
  const std::string line = replaced(
                               command,
                               "-o " + unit.output + " ",
                               "-o " + shell_word(unfinished.string()) + " ") +
                           " -O1 -w";
  const Finished finished = shell(unit.directory, line);
  if (finished.code != 0) {
    return trouble_of(finished);
  }
  fs::rename(unfinished, object);
  return {};
}

ScratchBuild::Program ScratchBuild::relink(
    const std::map<std::string, std::string>& changed) {
  const Sources files(copy().root, [&] {
    std::vector<fs::path> folders = port_.reference.sources;
    folders.emplace_back("port");
    return folders;
  }());
  std::vector<const Unit*> todo;
  std::vector<fs::path> paths;
  const fs::path folder = folder_.path() / "objects";
  fs::create_directories(folder);
  for (const Unit& unit : units_) {
    std::set<std::string> read;
    mlxaudio::Sha256 what;
    for (const std::string& file : unit.files) {
      read.merge(files.unit(file));
      what.update(file);
    }
    bool reached = false;
    for (const auto& [file, text] : changed) {
      if (read.contains(file)) {
        what.update(file).update(text);
        reached = true;
      }
    }
    if (reached) {
      todo.push_back(&unit);
      // What was compiled before need not be again.
      paths.push_back(folder / (what.hex().substr(0, 16) + ".o"));
    }
  }
  Program program{folder_.path() / fmt::format("program-{}", ++made_), {}};
  if (todo.empty()) {
    program.trouble = fmt::format(
        "nothing that {} is linked from reads {}",
        port_.reference.executable,
        changed.empty() ? "what changed" : changed.begin()->first);
    return program;
  }
  std::error_code none;
  std::string link = link_;
  std::string objects;
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const std::string own = " " + todo[i]->output + " ";
    if (link.find(own) != std::string::npos) {
      link = replaced(link, own, " " + shell_word(paths[i].string()) + " ");
    } else {
      // Before the archives, whose member of the same name nobody needs then.
      objects += shell_word(paths[i].string()) + " ";
    }
  }

  fs::remove(folder_.path() / fmt::format("program-{}", made_ - 1), none);
  std::mutex lock;
  in_parallel(todo.size(), processors(), [&](std::size_t i) {
    {
      const std::scoped_lock held(lock);
      if (!program.trouble.empty()) {
        return;
      }
    }
    const std::string trouble = compile(*todo[i], paths[i]);
    const std::scoped_lock held(lock);
    if (!trouble.empty() && program.trouble.empty()) {
      program.trouble = trouble;
    }
  });
  if (!program.trouble.empty()) {
    return program;
  }
  link = replaced(link, "{PROGRAM}", shell_word(program.path.string()));
  link = replaced(link, "{OBJECTS}", objects);
  const Finished finished = shell(build_, link);
  if (finished.code != 0) {
    program.trouble = trouble_of(finished);
  }
  return program;
}

ScratchBuild::Program ScratchBuild::make(
    const std::map<std::string, std::string>& files) {
  for (const auto& [file, text] : planted_) {
    mlxaudio::write_file(copy().root / file, text);
  }
  planted_.clear();
  for (const auto& [file, text] : files) {
    planted_[file] = mlxaudio::read_file(
        port_.project.root / file,
        mlxaudio::ErrorCode::config);
    mlxaudio::write_file(copy().root / file, text);
  }
  if (!is_whole()) {
    return relink(files);
  }
  std::string line;
  for (const std::string& word :
       filled_command(copy(), port_.reference, command_, copy_build())) {
    line += shell_word(word) + " ";
  }
  const Finished finished = shell(copy().root, line);
  Program program{copy_build() / port_.reference.executable, {}};
  if (finished.code != 0) {
    program.trouble = trouble_of(finished);
  } else if (!fs::exists(program.path)) {
    program.trouble = fmt::format(
        "[port] `build` left no {} in its build folder",
        port_.reference.executable);
  }
  return program;
}

} // namespace portproof
