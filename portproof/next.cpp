// SPDX-License-Identifier: MIT
#include "portproof/next.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/costs.h"
#include "portproof/features.h"
#include "portproof/gate.h"
#include "portproof/review_page.h"
#include "portproof/round_work.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::Json;

constexpr std::array<const char*, 11> kTitles = {
    "",
    "get the references",
    "the progress document",
    "understand the model",
    "the list of components",
    "port each component",
    "follow the best practice",
    "verify each component",
    "three rounds of verification",
    "follow-ups",
    "tests"};

NextStep step(int number, std::string why, std::string command) {
  NextStep next;
  next.step = number;
  next.title = kTitles.at(static_cast<std::size_t>(number));
  next.why = std::move(why);
  next.command = std::move(command);
  return next;
}

NextStep edit(
    int number, std::string why, std::string file, std::string command) {
  NextStep next = step(number, std::move(why), std::move(command));
  next.edit = std::move(file);
  return next;
}

NextStep of(const Component& component, NextStep next) {
  next.component = component.name;
  return next;
}

std::string file_of(const std::string& model, const char* name) {
  return fmt::format("port/{}/{}", model, name);
}

std::string command(const char* name, const std::string& model) {
  return fmt::format("portproof {} {}", name, model);
}

/// Steps 1, 2 and 4, for which there need be no C++ yet.
std::optional<NextStep> before_the_port(
    const Project& project, const Reference& reference, const Workplace& work) {
  const std::string& model = reference.model;
  const std::string toml = file_of(model, "reference.toml");
  for (const Package& p : reference.packages) {
    if (p.package.empty() || p.sha256.empty()) {
      return edit(
          1,
          fmt::format("the reference `{}` is not filled in", p.key),
          toml,
          command("fetch", model));
    }
  }
  if (!fs::exists(project.folder(model) / "inventory.json")) {
    return work.fetched() ? step(
                                4,
                                "nobody has listed yet what must be ported",
                                command("inventory", model))
                          : step(
                                1,
                                "the references are not on this machine",
                                command("fetch", model));
  }
  std::optional<Inventory> inventory;
  try {
    inventory = Inventory::load(project, reference);
  } catch (const mlxaudio::Error& e) {
    return step(4, e.what(), command("inventory", model));
  }
  for (const std::string& rule : idle_rules(reference, *inventory)) {
    return edit(
        4,
        fmt::format("`{}` in reference.toml matches no component", rule),
        toml,
        command("next", model));
  }
  for (const Component& c : inventory->components) {
    if (reference.waiver(c.name) == nullptr &&
        reference.stage(c.name) == nullptr) {
      return of(
          c,
          edit(
              4,
              c.name + " is in no [[stage]] and has no [[waiver]]",
              toml,
              command("next", model)));
    }
  }
  if (const Waived n = count_waived(reference, *inventory); !n.few()) {
    return edit(
        4,
        "more than a tenth is waived: " + n.text(),
        toml,
        command("next", model));
  }
  if (!fs::exists(project.document())) {
    return step(2, "there is no progress document yet", "portproof status");
  }
  return std::nullopt;
}

/// Steps 3 and 5, and of 7 what must be written by hand.
std::optional<NextStep> the_port(const Port& port) {
  const std::string& model = port.reference.model;
  const std::vector<const Component*> all = required_components(port);
  const auto tagged =
      std::count_if(all.begin(), all.end(), [&](const Component* c) {
        return port.tagged(*c);
      });
  if (tagged == 0 && !fs::exists(port.project.folder(model) / "map.json")) {
    return step(
        3,
        "see what the model is made of before porting it",
        command("map", model) + " --record");
  }
  for (const Component* c : all) {
    if (!port.tagged(*c)) {
      return of(
          *c,
          edit(
              5,
              fmt::format(
                  "{} of {} components are ported; this is the next in the "
                  "reference's order",
                  tagged,
                  all.size()),
              "the definition with its `\\port` tag",
              fmt::format("portproof scaffold {} {}", model, c->name)));
    }
  }
  for (const Component* c : all) {
    if (!port.probes.contains(c->name)) {
      return of(
          *c,
          edit(
              7,
              "no probe runs it",
              file_of(model, port.reference.probes.c_str()),
              command("next", model)));
    }
    if (!port.golden(*c)) {
      return of(
          *c,
          edit(
              7,
              "no calls of it are recorded",
              file_of(model, "calls.py"),
              fmt::format(
                  "portproof trace {} --component {}",
                  model,
                  c->name)));
    }
  }
  return std::nullopt;
}

/// Step 7.
std::optional<NextStep> verification(const Port& port, const fs::path& build) {
  const std::string& model = port.reference.model;
  if (port.reference.adapter.command.empty() &&
      !fs::exists(build / port.reference.executable)) {
    return step(
        7,
        fmt::format("{} is not built", port.reference.executable),
        fmt::format(
            "cmake --build {} --target {}",
            build.string(),
            port.reference.executable));
  }
  const RoundWork work = round_work(port);
  for (const Component* c : work.unverified) {
    if (const std::string what = missing_inputs(port, *c); !what.empty()) {
      return of(
          *c,
          step(
              7,
              what,
              fmt::format(
                  "portproof trace {} --round {}",
                  model,
                  port.rounds.recording())));
    }
  }
  if (!work.unverified.empty()) {
    const Component& c = *work.unverified.front();
    const Port::Standing standing = port.standing(c);
    const bool many = work.unverified.size() > 1 && standing.why != "failed";
    return of(
        c,
        step(
            7,
            fmt::format(
                "{} of {} components are not verified{}",
                work.unverified.size(),
                work.required,
                standing.why.empty() ? "" : "; " + standing.why),
            many ? command("verify", model)
                 : fmt::format(
                       "portproof verify {} --component {}",
                       model,
                       c.name)));
  }
  // What this machine lacks is for another one, and for the gate to say.
  const std::set<std::string> features = processor_features();
  for (const VariantRow& row : variant_rows(port)) {
    const VariantStanding standing = standing_of(port, row);
    if (!standing.holds && row.variant->lacking(features).empty() &&
        !waits_for_calls(port, row)) {
      return of(
          *row.component,
          step(
              7,
              fmt::format(
                  "not verified in the variant {}: {}",
                  row.variant->name,
                  standing.why),
              fmt::format(
                  "portproof verify {} --variant '{}'",
                  model,
                  row.variant->name)));
    }
  }
  return std::nullopt;
}

/// Step 7, of what only another machine can run.
std::optional<NextStep> variants_elsewhere(const Port& port) {
  const std::vector<std::string> left = variants_left(port);
  if (left.empty()) {
    return std::nullopt;
  }
  return step(
      7,
      fmt::format("{}; this processor lacks what it needs", left.front()),
      fmt::format(
          "portproof verify {} # on a machine that has it",
          port.reference.model));
}

/// Steps 8 and 9.
std::optional<NextStep> the_rounds(const Port& port) {
  const std::string& model = port.reference.model;
  const Round round = port.rounds.current();
  const int wanted = rounds_wanted(port.reference);
  if (port.followups.blockers() > 0) {
    const Followup first = port.followups.open().front();
    NextStep next = step(
        9,
        fmt::format("a blocker is open: {}", first.text),
        fmt::format(
            "portproof followup resolve {} {} --how WHAT-SETTLED-IT",
            model,
            first.id));
    next.component = first.component;
    return next;
  }
  const bool all_closed = !round.is_open() && port.rounds.closed() >= wanted;
  if (all_closed && (wanted == 0 || next_unread(port) == nullptr)) {
    return std::nullopt;
  }
  if (!round.is_open() && !all_closed) {
    const RoundKind kind = round_kind(port.reference, round.number + 1);
    return step(
        8,
        fmt::format(
            "round {} of {} ({}) is not begun",
            kind.number,
            wanted,
            kind.title),
        command("round", model) + " open");
  }
  if (const Component* c = next_unread(port)) {
    return of(
        *c,
        edit(
            8,
            fmt::format(
                "{} components are to be read in round {}",
                round_work(port).unread.size(),
                round.number),
            "reading.toml",
            fmt::format(
                "portproof review {} --component {} --template reading.toml; "
                "then portproof review sign {} reading.toml --reader ID",
                model,
                c->name,
                model)));
  }
  if (const auto left = efficiency_left(port); !left.empty()) {
    return step(
        8,
        left.front(),
        Costs(port).measured() ? command("round", model) + " --costs"
                               : command("trace", model) + " --costs");
  }
  if (const auto left = modes_left(port); !left.empty()) {
    return step(
        10,
        fmt::format(
            "round {} asks for the tests of every mode; {}",
            round.number,
            left.front()),
        command("tests", model) + " --run");
  }
  if (auto next = variants_elsewhere(port)) {
    return next;
  }
  return step(
      8,
      fmt::format("all of round {} is verified and signed", round.number),
      command("round", model) + " close");
}

NextStep found(
    const Project& project,
    const std::string& model,
    const fs::path& build,
    const Workplace& work) {
  if (!fs::exists(project.folder(model) / "reference.toml")) {
    return step(
        1,
        fmt::format("{} has no reference.toml", model),
        command("init", model));
  }
  std::optional<Reference> reference;
  try {
    reference = Reference::load(project, model);
    round_kind(*reference, 1);
    rounds_wanted(*reference);
    ReviewRules::of(*reference);
    variants_of(*reference);
  } catch (const mlxaudio::Error& e) {
    return edit(
        1,
        e.what(),
        file_of(model, "reference.toml"),
        command("next", model));
  }
  if (auto next = before_the_port(project, *reference, work)) {
    return *next;
  }
  const Port port(project, model, build);
  if (const auto damage = record_damage(port); !damage.empty()) {
    return step(
        7,
        damage.front(),
        fmt::format("git diff port/{} # and put the line back", model));
  }
  if (auto next = the_port(port)) {
    return *next;
  }
  if (auto next = verification(port, build)) {
    return *next;
  }
  if (auto next = the_rounds(port)) {
    return *next;
  }
  if (auto next = variants_elsewhere(port)) {
    return *next;
  }
  if (!document_check(project, Progress::of(project, build)).ok) {
    return step(
        2,
        "the progress document is not what the evidence gives",
        "portproof status");
  }
  NextStep last = step(
      10,
      "every component is verified and signed in every round; the gate keeps "
      "it so",
      command("gate", model));
  last.done = true;
  return last;
}

} // namespace

Json NextStep::json() const {
  Json out = {{"model", model}, {"step", step}, {"title", title}, {"why", why}};
  for (const auto& [key, value] :
       {std::pair<const char*, const std::string&>{"component", component},
        {"edit", edit}}) {
    if (!value.empty()) {
      out[key] = value;
    }
  }
  out["command"] = command;
  out["done"] = done;
  return out;
}

NextStep next_step(
    const fs::path& root,
    const std::string& model,
    const fs::path& build,
    const Workplace& work) {
  if (model.empty()) {
    return step(1, "no model is being ported here", "portproof init MODEL");
  }
  NextStep next = found(Project{root}, model, build, work);
  next.model = model;
  return next;
}

} // namespace portproof
