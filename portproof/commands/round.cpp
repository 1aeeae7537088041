// SPDX-License-Identifier: MIT
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/costs.h"
#include "portproof/round_work.h"

namespace portproof {
namespace {

using mlxaudio::Json;

struct RoundArguments {
  std::string model, build, action;
  bool json = false, costs = false;
};

void show_json(const Port& port, const RoundWork& work) {
  Json out = {{"model", port.reference.model}, {"rounds", Json::array()}};
  for (const Round& r : port.rounds.all()) {
    out["rounds"].push_back(
        {{"round", r.number},
         {"title", r.title},
         {"opened", r.opened},
         {"closed", r.closed}});
  }
  out["asked_for"] = rounds_wanted(port.reference);
  out["required"] = work.required;
  out["unported"] = work.unported.size();
  out["unverified"] = work.unverified.size();
  out["unread"] = work.unread.size();
  out["modes"] = work.modes;
  out["blockers"] = work.blockers;
  out["efficiency"] = work.efficiency;
  out["costs"] = Costs(port).json();
  out["left"] = work.lines();
  fmt::print("{}\n", out.dump(1));
}

void show(const Port& port, const RoundWork& work) {
  for (const Round& r : port.rounds.all()) {
    fmt::print(
        "round {} ({}): opened {}{}\n",
        r.number,
        r.title,
        r.opened,
        r.is_open() ? "" : ", closed " + r.closed);
  }
  const Round now = port.rounds.current();
  if (!now.is_open()) {
    const RoundKind kind = round_kind(port.reference, now.number + 1);
    fmt::print(
        "{} of {} rounds closed; the next is {} ({})\n",
        port.rounds.closed(),
        rounds_wanted(port.reference),
        kind.number,
        kind.title);
    return;
  }
  const RoundKind kind = round_kind(port.reference, now.number);
  if (kind.fresh) {
    fmt::print("it asks for calls with other inputs than those of round 1\n");
    for (const auto& [pattern, why] : kind.same_inputs) {
      fmt::print("but not of {}: {}\n", pattern, why);
    }
  }
  for (const auto& [file, patterns] : kind.calls) {
    fmt::print("it asks for the calls of {}\n", file);
  }
  for (const auto& [name, variables] : kind.environments) {
    fmt::print("it asks for a run with {}:", name);
    for (const auto& [key, value] : variables) {
      fmt::print(" {}={}", key, value);
    }
    fmt::print("\n");
  }
  for (const std::string& name : kind.modes) {
    fmt::print("it asks for the tests of every mode: {}\n", name);
  }
  for (const std::string& line : work.lines()) {
    fmt::print("{}\n", line);
  }
  if (work.done()) {
    fmt::print(
        "all {} components are verified and signed: `portproof round {} "
        "close`\n",
        work.required,
        port.reference.model);
  }
}

int run_round(const Commands& commands, const RoundArguments& o) {
  const Project project = commands.project();
  Port port(project, o.model, build_folder(project, o.build));
  if (o.costs) {
    const Costs costs(port);
    if (!costs.measured()) {
      throw mlxaudio::ConfigError(fmt::format(
          "[portproof] what {} costs was not measured: run `portproof trace {} "
          "--costs`",
          o.model,
          o.model));
    }
    fmt::print("{}{}\n", cost_table(costs), costs.about());
    return 0;
  }
  if (o.action == "open") {
    const Round r = port.rounds.open(port.reference, round_state(port));
    fmt::print(
        "round {} ({}) is open: every component is to be verified and read "
        "anew\n",
        r.number,
        r.title);
    return 0;
  }
  const RoundWork work = round_work(port);
  if (o.action == "close") {
    const Round now = port.rounds.current();
    if (!now.is_open()) {
      throw mlxaudio::ConfigError(
          fmt::format("[portproof] no round of {} is open", o.model));
    }
    if (!work.done()) {
      for (const std::string& line : work.lines()) {
        fmt::print("{}\n", line);
      }
      fmt::print(
          stderr,
          "[portproof] round {} of {} cannot be closed yet: see above\n",
          now.number,
          o.model);
      return 1;
    }
    port.rounds.close(now.number, round_state(port));
    fmt::print("round {} is closed\n", now.number);
    return 0;
  }
  if (o.json) {
    show_json(port, work);
  } else {
    show(port, work);
  }
  return 0;
}

} // namespace

void add_round(Commands& commands) {
  const auto o = std::make_shared<RoundArguments>();
  CLI::App& command = commands.add(
      "round",
      "show, open or close a round of verification",
      [&commands, o] { return run_round(commands, *o); });
  add_model(command, o->model);
  command.add_option("ACTION", o->action, "open or close; nothing shows it")
      ->check(CLI::IsMember({"open", "close"}));
  command.add_option("--build", o->build, "build folder");
  command.add_flag(
      "--costs",
      o->costs,
      "what each component costs beside the references");
  command.add_flag("--json", o->json, "for programs");
}

} // namespace portproof
