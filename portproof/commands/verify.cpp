// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/port.h"
#include "portproof/process.h"
#include "portproof/recorder.h"
#include "portproof/text.h"
#include "portproof/variant_run.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
namespace fs = std::filesystem;

struct VerifyArguments {
  std::string model, build, component = "*", program, stage, variant;
  bool no_record = false, show = false, make = false;
  int time_limit = 0;
};

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
      figures += fmt::format("  {} {}", g.label(), distance);
    }
    fmt::print(
        "{}  {:<{}}  {:>5.2f} s{}\n",
        mark(r.state),
        r.variant.empty() ? r.component
                          : fmt::format("{}: {}", r.variant, r.component),
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
                       : state == Result::State::away    ? "AWAY   "
                                                         : "FAIL   ";
    const int colour = pass ? 32 : state == Result::State::away ? 33 : 31;
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour, word) : word;
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
      fmt::print("\n{}, {}:\n", r.component, g.label());
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
  throw ConfigError(fmt::format(
      "[portproof] `{}` names {} components{}; porting-progress.md lists "
      "them",
      name,
      fits.empty() ? "no" : "several",
      list));
}

/// Runs `[port] build`. \throws ConfigError if it fails, or there is none
void make(
    const Project& project, const Reference& reference, const fs::path& build) {
  if (reference.adapter.build.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] {} has no [port] `build`: say how the probes are built",
        reference.path.string()));
  }
  const Finished made = run(
      {filled_command(project, reference, reference.adapter.build, build),
       {},
       {},
       true});
  if (made.code != 0) {
    throw ConfigError(fmt::format(
        "[portproof] [port] `build` failed ({}): see above",
        describe(made)));
  }
}

std::size_t width_of(const Port& port) {
  std::size_t width = 0;
  for (const Component& c : port.inventory.components) {
    if (port.reference.stage(c.name) != nullptr &&
        port.reference.stage(c.name)->required) {
      width = std::max(width, c.name.size());
    }
  }
  return width;
}

int run_verify(const Commands& commands, const VerifyArguments& o) {
  const Project project = commands.project();
  const fs::path build = build_folder(project, o.build);
  if (o.make) {
    make(project, Reference::load(project, o.model), build);
  }
  VerifyOptions options;
  options.component = component_of(
      Inventory::load(project, Reference::load(project, o.model)),
      o.component);
  Port port(project, o.model, build, options.component);
  options.stage = o.stage;
  options.command = probe_command(project, port.reference, build, o.program);
  options.record = !o.no_record;
  if (o.time_limit > 0) {
    options.time_limit = o.time_limit;
  }
  const Table table(width_of(port));
  options.progress = [&](const Result& r) { table.row(r); };
  // A variant that is asked for by name is wanted without the ordinary run.
  std::vector<Result> results =
      o.variant.empty() ? verify(port, options) : std::vector<Result>();
  const std::vector<Result> variants = verify_variants(
      port,
      {.variant = o.variant.empty() ? "*" : o.variant,
       .component = options.component,
       .stage = o.stage,
       .command = options.command,
       .record = options.record,
       .time_limit = options.time_limit,
       .progress = options.progress},
      results);
  results.insert(results.end(), variants.begin(), variants.end());
  explain(results);
  std::map<Result::State, int> counts;
  for (const Result& r : results) {
    ++counts[r.state];
  }
  const int pass = counts[Result::State::pass];
  const int away = counts[Result::State::away];
  fmt::print(
      "\n{} of {} {} verified{}\n",
      pass,
      results.size(),
      variants.empty() ? "components" : "components and rows of variants",
      results.empty() ? ": nothing matches" : "");
  if (away > 0) {
    fmt::print(
        "{} row{} of variants NOT RUN HERE: what evidence there is of {} stays "
        "as it is\n",
        away,
        away == 1 ? " was" : "s were",
        away == 1 ? "it" : "them");
  }
  for (const std::string& damage : port.evidence.damage()) {
    fmt::print("{}\n", damage);
  }
  if (o.show) {
    const Section section = port.section();
    for (const Result& r : results) {
      if (r.variant.empty()) {
        fmt::print("{}\n", row(section, *port.inventory.find(r.component)));
      }
    }
  }
  // What was not run here is no failure, but nothing that passed either.
  const bool all = pass + away == static_cast<int>(results.size()) && pass > 0;
  return all && port.evidence.damage().empty() ? 0 : 1;
}

} // namespace

void add_verify(Commands& commands) {
  const auto o = std::make_shared<VerifyArguments>();
  CLI::App& command = commands.add(
      "verify",
      "compare the port with what was recorded",
      [&commands, o] { return run_verify(commands, *o); });
  add_model(command, o->model);
  command.add_option("--component", o->component, "only these; `*` matches");
  command.add_option("--stage", o->stage, "only components of a stage");
  command.add_option(
      "--variant",
      o->variant,
      "only rows of these variants; `*` matches");
  command.add_option("--build", o->build, "build folder with the probes");
  command.add_option("--program", o->program, "the program of probes itself");
  command.add_option(
      "--time-limit",
      o->time_limit,
      "seconds for one component");
  command.add_flag("--make", o->make, "build the port first");
  command.add_flag("--no-record", o->no_record, "leave evidence.jsonl alone");
  command.add_flag("--show", o->show, "print the rows of porting-progress.md");
}

} // namespace portproof
