// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/benign_run.h"
#include "portproof/commands/commands.h"
#include "portproof/mutation_list.h"
#include "portproof/mutation_report.h"
#include "portproof/mutation_run.h"
#include "portproof/port.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;
using Outcome = MutantResult::Outcome;
namespace fs = std::filesystem;

struct MutateArguments {
  std::string model, action, build, program, only, reason, shown, doc, scratch;
  std::optional<std::uint64_t> seed;
  int count = 0, sample = 0, time_limit = 0;
  bool again = false, benign = false, json = false, check = false;
};

/// What all actions work on.
struct Work {
  Project project;
  fs::path build;
  Port port;
  MutationList list;
  MutationResults results;

  Work(const Project& p, const MutateArguments& o)
      : project(p),
        build(build_folder(p, o.build)),
        port(p, o.model, build),
        list(p.folder(o.model) / "mutants.jsonl"),
        results(p.folder(o.model) / "mutation-results.jsonl") {}

  MutationRun run(const MutateArguments& o) {
    return {
        port,
        build,
        o.program.empty() ? build / port.reference.executable
                          : fs::path(o.program),
        o.scratch.empty() ? fs::path() : fs::absolute(o.scratch),
        o.time_limit > 0 ? std::optional(o.time_limit) : std::nullopt};
  }
};

std::string place(const Mutant& m) {
  return m.of_weights() ? m.symbol : fmt::format("{}:{}", m.file, m.line);
}

int draw(Work& work, const MutateArguments& o) {
  const std::uint64_t seed =
      o.seed.value_or(work.list.entries().empty() ? 1 : work.list.seed());
  const int count = o.count > 0 ? o.count : 80;
  const int added = work.list.draw(work.port, seed, count, work.results);
  std::set<std::string> kinds;
  std::set<std::string> components;
  int standing = 0;
  for (const MutationList::Entry& e : work.list.entries()) {
    const MutantResult* r = work.results.last(e.mutant.id);
    if (e.removed.empty() && (r == nullptr || r->outcome != Outcome::invalid)) {
      kinds.insert(e.mutant.op);
      components.insert(e.mutant.component);
      ++standing;
    }
  }
  if (o.json) {
    fmt::print(
        "{}\n",
        Json({{"seed", seed},
              {"added", added},
              {"mutants", standing},
              {"operators", kinds.size()},
              {"components", components.size()}})
            .dump());
  } else {
    fmt::print(
        "{} drawn with seed {}: now {} mutants of {} kinds in {} components\n",
        added,
        seed,
        standing,
        kinds.size(),
        components.size());
  }
  return standing >= count ? 0 : 1;
}

/// Whether a mutant may be in a sample: it was caught, and few files have to be
/// compiled for it.
bool is_for_sample(const Mutant& m, const MutantResult* r) {
  return r != nullptr && r->outcome == Outcome::caught &&
         !m.file.ends_with(".h") && !m.file.ends_with(".hpp");
}

/// The mutants that a run is asked for.
std::vector<const Mutant*> chosen(
    const Work& work, const MutationRun& run, const MutateArguments& o) {
  std::vector<const Mutant*> out;
  for (const MutationList::Entry& e : work.list.entries()) {
    const MutantResult* r = work.results.last(e.mutant.id);
    const bool known = r != nullptr && r->state == run.state_of(e.mutant);
    const bool wanted = !o.only.empty() ? e.mutant.id == o.only
                        : o.sample > 0  ? is_for_sample(e.mutant, r)
                                        : o.again || !known;
    if (e.removed.empty() && wanted) {
      out.push_back(&e.mutant);
    }
  }
  if (!o.only.empty() && out.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] no mutant {} is listed for {}",
        o.only,
        o.model));
  }
  if (o.sample > 0) {
    const std::uint64_t seed =
        o.seed.value_or(static_cast<std::uint64_t>(std::time(nullptr)));
    fmt::print(stderr, "the sample of seed {}\n", seed);
    for (std::uint64_t step = 0; static_cast<int>(out.size()) > o.sample;
         ++step) {
      out.erase(
          out.begin() +
          static_cast<std::ptrdiff_t>(drawn_number(seed, step) % out.size()));
    }
  }
  return out;
}

int run_mutants(Work& work, const MutateArguments& o) {
  if (work.list.entries().empty()) {
    throw ConfigError(fmt::format(
        "[portproof] no mutants were drawn: `portproof mutate {} draw --seed "
        "1`, and commit the list",
        o.model));
  }
  MutationRun run = work.run(o);
  const std::vector<const Mutant*> todo = chosen(work, run, o);
  Json lines = Json::array();
  int bad = 0;
  int invalid = 0;
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Mutant& m = *todo[i];
    MutantResult r;
    try {
      r = run.judge(m);
    } catch (const ConfigError& e) {
      fmt::print(stderr, "{}\n", e.what());
      ++bad;
      continue;
    }
    bad += r.outcome == Outcome::missed ? 1 : 0;
    invalid += r.outcome == Outcome::invalid ? 1 : 0;
    if (o.sample == 0) {
      work.results.add(r);
    }
    if (o.json) {
      Json line = m.json();
      line.update(r.json());
      lines.push_back(std::move(line));
      continue;
    }
    fmt::print(
        "{:>3}/{}  {:<7} {:<6} {:>6.1f} s  {}  {}  {}{}\n",
        i + 1,
        todo.size(),
        name_of(r.outcome),
        r.outcome != Outcome::caught ? ""
        : r.named                    ? "named"
                                     : "other",
        r.seconds,
        m.id,
        m.component,
        place(m),
        r.outcome == Outcome::invalid              ? "  " + r.why
        : r.outcome == Outcome::caught && !r.named ? "  red: " + r.first
                                                   : "");
    std::fflush(stdout);
  }
  if (o.json) {
    fmt::print("{}\n", lines.dump());
  } else {
    fmt::print(
        "\n{} mutants run{}\n",
        todo.size(),
        invalid == 0
            ? ""
            : fmt::format(
                  "; {} do not build: `portproof mutate {} draw` draws others",
                  invalid,
                  o.model));
  }
  return bad + invalid == 0 ? 0 : 1;
}

int run_rewrites(Work& work, const MutateArguments& o) {
  MutationRun run = work.run(o);
  const BenignResult result = run_benign(
      run,
      work.port,
      o.seed.value_or(1),
      o.count > 0 ? o.count : 30);
  Json lines = Json::array();
  const auto say =
      [&](const Mutant& m, const std::string& outcome, const std::string& why) {
        Json line = m.json();
        line.erase("before");
        line.erase("after");
        line["outcome"] = outcome;
        line["why"] = why;
        lines.push_back(line);
        if (!o.json) {
          fmt::print(
              "{:<8} {:<24}  {}  {}{}\n",
              outcome,
              m.id,
              m.component,
              place(m),
              why.empty() ? "" : "  " + why);
        }
      };
  for (const Mutant& m : result.green) {
    say(m, "green", "");
  }
  for (const BenignResult::Red& r : result.red) {
    say(r.rewrite, "red", r.component + ": " + r.why);
  }
  for (const Mutant& m : result.expired) {
    say(m, "expired", "its file counts as changed");
  }
  if (o.json) {
    fmt::print("{}\n", lines.dump());
  } else {
    fmt::print(
        "\n{} of {} rewrites green{}\n",
        result.green.size(),
        result.green.size() + result.red.size(),
        result.invalid.empty()
            ? ""
            : fmt::format(
                  "; {} others were drawn for some that do not build",
                  result.invalid.size()));
  }
  return result.red.empty() && result.expired.empty() ? 0 : 1;
}

int report(Work& work, const MutateArguments& o) {
  const MutationRun run = work.run(o);
  const MutationReport report(
      work.list,
      work.results,
      [&](const Mutant& m) { return run.state_of(m); },
      [&](const Mutant& m) { return has_place(m, work.port); });
  if (o.json) {
    fmt::print("{}\n", to_json(report, work.list, work.results).dump());
  } else if (!o.doc.empty()) {
    const std::string text =
        mlxaudio::read_file(o.doc, mlxaudio::ErrorCode::config);
    const std::string now = with_section(
        text,
        "portproof mutate " + o.model + " report",
        markdown(report, work.list, work.results));
    write_or_check(
        o.doc,
        now,
        o.check,
        "the results give",
        "mutate " + o.model + " report --doc " + o.doc);
  } else {
    fmt::print("{}", markdown(report, work.list, work.results));
  }
  for (const std::string& damage : work.results.damage()) {
    fmt::print(stderr, "{}\n", damage);
  }
  if (report.earlier > 0) {
    fmt::print(
        stderr,
        "{} results are of an earlier state of the code: `portproof mutate {} "
        "run` brings them up to date\n",
        report.earlier,
        o.model);
  }
  const std::string lacks = report.short_of();
  if (!lacks.empty()) {
    fmt::print(stderr, "{}\n", lacks);
  }
  return lacks.empty() && work.results.damage().empty() ? 0 : 1;
}

int run_mutate(const Commands& commands, const MutateArguments& o) {
  Work work(commands.project(), o);
  if (o.action == "draw") {
    return draw(work, o);
  }
  if (o.action == "run") {
    return o.benign ? run_rewrites(work, o) : run_mutants(work, o);
  }
  if (o.action == "remove") {
    work.list.remove(o.only, o.reason, o.shown);
    return 0;
  }
  if (o.action == "restore") {
    work.list.restore(o.only, o.reason);
    return 0;
  }
  return report(work, o);
}

} // namespace

void add_mutate(Commands& commands) {
  const auto o = std::make_shared<MutateArguments>();
  CLI::App& command = commands.add(
      "mutate",
      "plant defects in the port, and see whether verify finds them",
      [&commands, o] { return run_mutate(commands, *o); });
  add_model(command, o->model);
  command
      .add_option(
          "ACTION",
          o->action,
          "draw a list of defects; run it; report; remove one that is none; "
          "restore one that is one after all")
      ->required()
      ->check(CLI::IsMember({"draw", "run", "report", "remove", "restore"}));
  command.add_option("--seed", o->seed, "of the draw");
  command.add_option("--count", o->count, "how many to draw (80; rewrites 30)");
  command.add_option("--only", o->only, "this mutant");
  command.add_option(
      "--sample",
      o->sample,
      "run so many of those that were caught, anew; keeps no results");
  command.add_flag("--again", o->again, "run those too whose result holds");
  command.add_flag(
      "--benign",
      o->benign,
      "rewrite without changing anything: all must stay green");
  command.add_option(
      "--reason",
      o->reason,
      "why a mutant is no defect, or is one after all");
  command.add_option("--shown", o->shown, "what shows it");
  command.add_option("--doc", o->doc, "document whose figures are renewed");
  command.add_flag("--check", o->check, "fail if the document differs");
  command.add_option("--build", o->build, "build folder with the probes");
  command.add_option("--program", o->program, "the program of probes itself");
  command.add_option(
      "--scratch",
      o->scratch,
      "folder for the copy, which stays (else one that goes)");
  command.add_option("--time-limit", o->time_limit, "seconds for one probe");
  command.add_flag("--json", o->json, "results as JSON");
}

} // namespace portproof
