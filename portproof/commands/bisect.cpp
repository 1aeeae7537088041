// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "portproof/bisect.h"
#include "portproof/commands/commands.h"
#include "portproof/recorder.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::Json;
namespace fs = std::filesystem;

struct BisectArguments {
  std::string model, build, program, component, call;
  bool json = false, all = false;
  int time_limit = 0;
};

std::string place_of(const TapResult& t) {
  return t.call == 0 ? t.path : fmt::format("{} (call {})", t.path, t.call + 1);
}

/// A distance, or that there is none since the shapes differ.
std::string far(const Distance& d, const std::string& why) {
  const bool counted = d.rel_l2 > 0 || d.max_abs > 0;
  return why.empty() || counted ? figure(d.rel_l2) : "differs";
}

bool at_fault(const TapResult& t) {
  return t.verdict == TapResult::Verdict::cause ||
         t.verdict == TapResult::Verdict::around ||
         t.verdict == TapResult::Verdict::stops;
}

void print_table(const Bisection& b, bool all) {
  std::size_t width = 5;
  for (const TapResult& t : b.taps) {
    width = std::max(width, all || at_fault(t) ? place_of(t).size() : 0);
  }
  fmt::print(
      "{:<10}  {:<{}}  {:>9}  {:>9}\n",
      "",
      "place",
      width,
      "whole run",
      "alone");
  for (const TapResult& t : b.taps) {
    if (!all && !at_fault(t)) {
      continue;
    }
    const bool told = t.verdict != TapResult::Verdict::absent &&
                      t.verdict != TapResult::Verdict::stops;
    fmt::print(
        "{:<10}  {:<{}}  {:>9}  {:>9}  {}\n",
        name_of(t.verdict),
        place_of(t),
        width,
        told ? far(t.free, t.why) : "",
        t.alone ? far(*t.alone, at_fault(t) ? t.why : "") : "",
        t.why);
  }
  fmt::print("\n");
}

void print_end(const Bisection& b) {
  if (!b.not_forced.empty()) {
    fmt::print(
        "The port could not go on with the reference's values: {}\n",
        b.not_forced);
  }
  const TapResult* first = b.first();
  if (first == nullptr) {
    fmt::print(
        "{}\n",
        b.result_agrees
            ? "The port agrees with the reference everywhere."
            : fmt::format(
                  "No place is at fault, and the result differs: {}: the "
                  "fault lies in code that no place covers",
                  b.result_why));
    return;
  }
  std::string more;
  if (first->verdict == TapResult::Verdict::around) {
    more =
        ": it is given other values than in the reference, so look at the "
        "code that calls it";
  } else if (first->verdict == TapResult::Verdict::stops) {
    more = ": the port gives up there or in the code that calls it";
  }
  const std::string part =
      first->owner == first->component
          ? first->component
          : fmt::format("{}, in {}", first->component, first->owner);
  fmt::print("First at fault: {} ({}){}\n", place_of(*first), part, more);
}

void print(const Bisection& b, bool all) {
  std::map<TapResult::Verdict, int> counts;
  int faults = 0;
  for (const TapResult& t : b.taps) {
    ++counts[t.verdict];
    faults += at_fault(t) ? 1 : 0;
  }
  fmt::print(
      "{}, call {}: {} places: {} agree, {} at fault, {} only pass a "
      "difference on, {} not told\n",
      b.component,
      b.call,
      b.taps.size(),
      counts[TapResult::Verdict::agrees],
      faults,
      counts[TapResult::Verdict::propagated],
      counts[TapResult::Verdict::absent]);
  if (all || faults > 0) {
    print_table(b, all);
  }
  print_end(b);
  fmt::print("\n");
}

int run_bisect(const Commands& commands, const BisectArguments& o) {
  const Project project = commands.project();
  const fs::path build = build_folder(project, o.build);
  const Port port(project, o.model, build);
  BisectOptions options;
  options.component = o.component;
  options.call = o.call;
  options.command = probe_command(project, port.reference, build, o.program);
  if (o.time_limit > 0) {
    options.time_limit = o.time_limit;
  }
  const std::vector<Bisection> found = bisect(port, options);
  Json json = Json::array();
  bool well = true;
  for (const Bisection& b : found) {
    well = well && b.all_agree();
    if (o.json) {
      json.push_back(to_json(b));
    } else {
      print(b, o.all);
    }
  }
  if (o.json) {
    fmt::print("{}\n", json.dump(1));
  }
  return well ? 0 : 1;
}

} // namespace

void add_bisect(Commands& commands) {
  const auto o = std::make_shared<BisectArguments>();
  CLI::App& command = commands.add(
      "bisect",
      "find where a whole run of the port goes wrong",
      [&commands, o] { return run_bisect(commands, *o); });
  add_model(command, o->model);
  command.add_option("--component", o->component, "whose run to follow");
  command.add_option("--call", o->call, "which recorded call of it");
  command.add_option("--build", o->build, "build folder with the probes");
  command.add_option("--program", o->program, "the program of probes itself");
  command.add_option("--time-limit", o->time_limit, "seconds for one run");
  command.add_flag("--all", o->all, "also list the places that agree");
  command.add_flag("--json", o->json, "for programs");
}

} // namespace portproof
