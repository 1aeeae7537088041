// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/port.h"
#include "portproof/recorder.h"
#include "portproof/stamp.h"
#include "portproof/text.h"
#include "portproof/verify.h"

namespace {

using namespace portproof;
namespace fs = std::filesystem;

struct Options {
  std::string root, model, work, env, python, build, component = "*", program;
  std::string stage, out, objects;
  std::vector<std::string> find_links;
  bool check = false, no_env = false, no_record = false, show = false;
  int time_limit = 0;
};

Project project_of(const Options& o) {
  return o.root.empty() ? Project::find(fs::current_path())
                        : Project{fs::absolute(o.root)};
}

int do_init(const Options& o) {
  const Project project{
      o.root.empty() ? fs::current_path() : fs::absolute(o.root)};
  const auto path = init(project, o.model);
  fmt::print(
      "wrote {}\nFill it in, then: portproof fetch {}\n",
      path.string(),
      o.model);
  return 0;
}

int do_fetch(const Options& o) {
  const Project project = project_of(o);
  const Reference reference = Reference::load(project, o.model);
  const Workplace work = Workplace::of(o.model, o.work);
  std::vector<std::string> arguments = {
      "--reference",
      reference.path.string(),
      "--work",
      work.folder.string()};
  if (!o.env.empty()) {
    arguments.insert(arguments.end(), {"--env", o.env});
  }
  if (!o.python.empty()) {
    arguments.insert(arguments.end(), {"--python", o.python});
  }
  for (const std::string& folder : o.find_links) {
    arguments.insert(arguments.end(), {"--find-links", folder});
  }
  if (o.no_env) {
    arguments.push_back("--no-env");
  }
  run_recorder("python3", "fetch.py", arguments);
  return 0;
}

int do_inventory(const Options& o) {
  const Project project = project_of(o);
  const Reference reference = Reference::load(project, o.model);
  const Workplace work = Workplace::of(o.model, o.work);
  const fs::path scratch = work.folder / "inventory.json";
  run_recorder(
      work.python(),
      "inventory.py",
      {"--reference",
       reference.path.string(),
       "--work",
       work.folder.string(),
       "--out",
       scratch.string()});
  const std::string text = seal(mlxaudio::read_json(scratch));
  const fs::path path = project.folder(o.model) / "inventory.json";
  if (o.check) {
    const bool same =
        fs::exists(path) &&
        mlxaudio::read_file(path, mlxaudio::ErrorCode::config) == text;
    if (!same) {
      throw mlxaudio::ConfigError(fmt::format(
          "[portproof] {} is not what the references give: run `portproof "
          "inventory {}`",
          path.string(),
          o.model));
    }
    fmt::print("{} is what the references give\n", path.string());
    return 0;
  }
  mlxaudio::write_file(path, text);
  const Inventory inventory = Inventory::load(project, reference);
  fmt::print("{}: {} components\n", path.string(), inventory.components.size());
  return 0;
}

int do_trace(const Options& o) {
  const Project project = project_of(o);
  const Reference reference = Reference::load(project, o.model);
  const Inventory inventory = Inventory::load(project, reference);
  const Workplace work = Workplace::of(o.model, o.work);
  const std::string python = work.python();
  const fs::path scratch = work.folder / "goldens";
  fs::remove_all(scratch);
  run_recorder(
      python,
      "trace.py",
      {"--reference",
       reference.path.string(),
       "--work",
       work.folder.string(),
       "--out",
       scratch.string(),
       "--component",
       o.component});
  // All were recorded: put them in their place, each manifest last.
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(scratch)) {
    if (entry.path().extension() == ".json") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (inventory.find(name) == nullptr) {
      throw mlxaudio::ConfigError(fmt::format(
          "[portproof] calls were recorded of {}, which is no component: "
          "correct [trace] `calls`",
          name));
    }
  }
  const fs::path goldens = project.folder(o.model) / "goldens";
  fs::create_directories(goldens);
  for (const std::string& name : names) {
    const fs::path arrays = goldens / (name + ".safetensors");
    const fs::path recorded = scratch / (name + ".safetensors");
    if (fs::exists(recorded)) {
      mlxaudio::write_file(
          arrays,
          mlxaudio::read_file(recorded, mlxaudio::ErrorCode::config));
    } else {
      fs::remove(arrays);
    }
    mlxaudio::write_file(
        goldens / (name + ".json"),
        seal(mlxaudio::read_json(scratch / (name + ".json"))));
  }
  return 0;
}

int do_status(const Options& o) {
  const Project project = project_of(o);
  const fs::path build = build_folder(project, o.build);
  std::vector<Port> ports;
  for (const std::string& model : project.models()) {
    ports.emplace_back(project, model, build);
  }
  std::vector<Section> sections;
  for (const Port& port : ports) {
    std::vector<const Inventory*> others;
    for (const Port& other : ports) {
      if (&other != &port) {
        others.push_back(&other.inventory);
      }
    }
    sections.push_back(port.section(others));
  }
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
  }
  const std::string text = document(sections);
  if (o.check) {
    const bool same =
        fs::exists(project.document()) &&
        mlxaudio::read_file(project.document(), mlxaudio::ErrorCode::config) ==
            text;
    if (!same) {
      throw mlxaudio::ConfigError(fmt::format(
          "[portproof] {} is not what the sources and the evidence give: "
          "run `portproof status`",
          project.document().string()));
    }
  } else {
    mlxaudio::write_file(project.document(), text);
    fmt::print("wrote {}\n", project.document().string());
  }
  return red ? 1 : 0;
}

class Table {
 public:
  explicit Table(std::size_t width)
      : width_(width), colour_(::isatty(STDOUT_FILENO) == 1) {}

  void row(const Result& r) const {
    std::string figures;
    for (const GradeResult& g : r.grades) {
      const std::string distance = g.comparison.arrays == 0
                                       ? "equal"
                                       : figure(g.comparison.worst.rel_l2);
      figures += fmt::format("  {} {}", g.grade, distance);
    }
    fmt::print(
        "{}  {:<{}}  {:>5.2f} s{}\n",
        mark(r.state),
        r.component,
        width_,
        r.seconds,
        r.state == Result::State::pass ? figures : "  " + r.why);
    std::fflush(stdout);
  }

 private:
  std::string mark(Result::State state) const {
    const bool pass = state == Result::State::pass;
    const char* word = pass                              ? "pass   "
                       : state == Result::State::stale   ? "stale  "
                       : state == Result::State::missing ? "missing"
                                                         : "FAIL   ";
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", pass ? 32 : 31, word)
                   : word;
  }

  std::size_t width_;
  bool colour_;
};

/// Prints every difference of the components that failed, with the smallest
/// tolerance that would pass.
void explain(const std::vector<Result>& results) {
  for (const Result& r : results) {
    for (const GradeResult& g : r.grades) {
      if (g.comparison.pass()) {
        continue;
      }
      fmt::print("\n{}, {}:\n", r.component, g.grade);
      for (const std::string& failure : g.comparison.failures) {
        fmt::print("  {}\n", failure);
      }
      const Distance& d = g.comparison.worst;
      if (d.max_abs > 0) {
        fmt::print(
            "  the arrays would pass with max_abs {:.3g}, rel_l2 {:.3g}, "
            "norm_ratio {:.3g}\n",
            d.max_abs,
            d.rel_l2,
            d.norm_ratio);
      }
    }
  }
}

/// The component that a name or its last part means; patterns stay.
std::string component_of(const Inventory& inventory, const std::string& name) {
  if (name.find('*') != std::string::npos || inventory.find(name) != nullptr) {
    return name;
  }
  std::vector<std::string> fits;
  for (const Component& c : inventory.components) {
    if (c.name.ends_with("." + name)) {
      fits.push_back(c.name);
    }
  }
  if (fits.size() == 1) {
    return fits.front();
  }
  std::string list;
  for (const std::string& fit : fits) {
    list += (list.empty() ? ": " : ", ") + fit;
  }
  throw mlxaudio::ConfigError(fmt::format(
      "[portproof] `{}` names {} components{}; porting-progress.md lists "
      "them",
      name,
      fits.empty() ? "no" : "several",
      list));
}

int do_verify(const Options& o) {
  const Project project = project_of(o);
  const fs::path build = build_folder(project, o.build);
  VerifyOptions options;
  options.component = component_of(
      Inventory::load(project, Reference::load(project, o.model)),
      o.component);
  Port port(project, o.model, build, options.component);
  options.stage = o.stage;
  options.program = o.program.empty() ? build / port.reference.executable
                                      : fs::path(o.program);
  options.record = !o.no_record;
  if (o.time_limit > 0) {
    options.time_limit = o.time_limit;
  }
  std::size_t width = 0;
  for (const Component& c : port.inventory.components) {
    if (port.reference.stage(c.name) != nullptr &&
        port.reference.stage(c.name)->required) {
      width = std::max(width, c.name.size());
    }
  }
  const Table table(width);
  options.progress = [&](const Result& r) { table.row(r); };
  const std::vector<Result> results = verify(port, options);
  explain(results);
  std::map<Result::State, int> counts;
  for (const Result& r : results) {
    ++counts[r.state];
  }
  const int pass = counts[Result::State::pass];
  fmt::print(
      "\n{} of {} components verified{}\n",
      pass,
      results.size(),
      results.empty() ? ": nothing matches" : "");
  for (const std::string& damage : port.evidence.damage()) {
    fmt::print("{}\n", damage);
  }
  if (o.show) {
    const Section section = port.section();
    for (const Result& r : results) {
      fmt::print("{}\n", row(section, *port.inventory.find(r.component)));
    }
  }
  const bool all = pass == static_cast<int>(results.size()) && !results.empty();
  return all && port.evidence.damage().empty() ? 0 : 1;
}

int do_stamp(const Options& o) {
  const Project project = project_of(o);
  const Reference reference = Reference::load(project, o.model);
  if (!o.objects.empty()) {
    const std::string list =
        mlxaudio::read_file(o.objects, mlxaudio::ErrorCode::config);
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
    check_objects(project, Sources(project.root, reference.sources), objects);
  }
  const std::string text = stamp_source(Stamp::now(project, reference));
  const bool same =
      fs::exists(o.out) &&
      mlxaudio::read_file(o.out, mlxaudio::ErrorCode::config) == text;
  if (!same) { // else what was built from it stays as it is
    mlxaudio::write_file(o.out, text);
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "portproof: lists what a port must have, and proves what it has"};
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Steps of a port: init, fetch, inventory, then the port itself with "
      "probes,\nthen trace, verify, status.");
  Options o;
  app.add_option("--root", o.root, "the project's folder (else found upwards)");
  std::map<CLI::App*, int (*)(const Options&)> actions;
  const auto command = [&](const char* name,
                           const char* help,
                           int (*action)(const Options&),
                           bool of_model) {
    CLI::App* sub = app.add_subcommand(name, help);
    if (of_model) {
      sub->add_option("MODEL", o.model, "folder below port/")->required();
    }
    actions[sub] = action;
    return sub;
  };
  constexpr const char* kDir =
      "where the references are (/tmp/portproof/MODEL)";

  command(
      "init",
      "begin a port: write port/MODEL/reference.toml",
      do_init,
      true);

  CLI::App* fetch = command(
      "fetch",
      "get the references and their environment",
      do_fetch,
      true);
  fetch->add_option("--dir", o.work, kDir);
  fetch->add_option(
      "--env",
      o.env,
      "an environment that exists, not a new one");
  fetch->add_option("--python", o.python, "interpreter for a new environment");
  fetch->add_option("--find-links", o.find_links, "folders with archives");
  fetch->add_flag("--no-env", o.no_env, "only the sources");

  CLI::App* list = command(
      "inventory",
      "list every component of the references",
      do_inventory,
      true);
  list->add_option("--dir", o.work, kDir);
  list->add_flag("--check", o.check, "fail if the committed list differs");

  CLI::App* trace =
      command("trace", "record what the references compute", do_trace, true);
  trace->add_option("--dir", o.work, kDir);
  trace->add_option("--component", o.component, "only these; `*` matches");

  CLI::App* verify = command(
      "verify",
      "compare the port with what was recorded",
      do_verify,
      true);
  verify->add_option("--component", o.component, "only these; `*` matches");
  verify->add_option("--stage", o.stage, "only components of a stage");
  verify->add_option("--build", o.build, "build folder with the probes");
  verify->add_option("--program", o.program, "the program of probes itself");
  verify->add_option("--time-limit", o.time_limit, "seconds for one component");
  verify->add_flag("--no-record", o.no_record, "leave evidence.jsonl alone");
  verify->add_flag("--show", o.show, "print the rows of porting-progress.md");

  CLI::App* status =
      command("status", "write porting-progress.md", do_status, false);
  status->add_option("--build", o.build, "build folder");
  status->add_flag("--check", o.check, "fail if the committed one differs");

  CLI::App* stamp = command(
      "stamp",
      "C++ source with the hashes of what is built",
      do_stamp,
      true);
  stamp->add_option("--out", o.out)->required();
  stamp->add_option("--objects", o.objects, "list of object files to check");

  CLI11_PARSE(app, argc, argv);
  try {
    return actions.at(app.get_subcommands().front())(o);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
