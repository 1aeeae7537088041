// SPDX-License-Identifier: MIT
#include "portproof/gate.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/round_work.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

using mlxaudio::Json;

Check finished(Check check, const std::string& good) {
  check.ok = check.details.empty();
  check.text = check.ok ? good
                        : fmt::format(
                              "{} thing{} to mend",
                              check.details.size(),
                              check.details.size() == 1 ? "" : "s");
  return check;
}

Check records(const Port& port) {
  Check check;
  check.name = "records";
  check.details = record_damage(port);
  return finished(
      std::move(check),
      "evidence, rounds, readings, modes and follow-ups are as they were "
      "written");
}

/// Both directions: every symbol of the references is a component to port or
/// waived, and every tag, probe, rule and recorded call names one.
Check inventory(const Port& port, const std::vector<const Inventory*>& others) {
  Check check;
  check.name = "inventory";
  const std::vector<std::string> damage = record_damage(port);
  for (const std::string& line : port.wrong(others)) {
    if (std::find(damage.begin(), damage.end(), line) == damage.end()) {
      check.details.push_back(line);
    }
  }
  int waived = 0;
  for (const Component& c : port.inventory.components) {
    const bool is_waived = port.reference.waiver(c.name) != nullptr;
    waived += is_waived ? 1 : 0;
    if (!is_waived && port.reference.stage(c.name) == nullptr) {
      check.details.push_back(
          fmt::format("{} is in no [[stage]] and has no [[waiver]]", c.name));
    }
  }
  for (const Component* c : required_components(port)) {
    if (!port.tagged(*c)) {
      check.details.push_back(c->name + ": no definition carries its tag");
    } else if (!port.probes.contains(c->name)) {
      check.details.push_back(c->name + ": no probe");
    }
  }
  const std::size_t count = port.inventory.components.size();
  return finished(
      std::move(check),
      fmt::format("{} components, {} of them waived", count, waived));
}

Check waivers(const Port& port) {
  Check check;
  check.name = "waivers";
  const Waived n = count_waived(port.reference, port.inventory);
  check.ok = n.few();
  check.text = n.text();
  if (!check.ok) {
    check.details.emplace_back("more than a tenth was waived");
  }
  return check;
}

Check followups(const Port& port) {
  Check check;
  check.name = "follow-ups";
  for (const Followup& f : port.followups.open()) {
    if (f.blocker) {
      check.details.push_back(fmt::format("{}: {}", f.id, f.text));
    }
  }
  return finished(
      std::move(check),
      fmt::format(
          "no blocker; {} other{} open",
          port.followups.open().size(),
          port.followups.open().size() == 1 ? "" : "s"));
}

/// What differs between figures of a run and those of its evidence; empty:
/// nothing that should not.
std::string differs(
    const Result& result, const Json& line, const Json& surroundings) {
  const bool same = line.value("about", Json()) == surroundings;
  const Json grades = line.value("grades", Json::object());
  for (const GradeResult& g : result.grades) {
    const auto known = grades.find(g.label());
    if (known == grades.end()) {
      return fmt::format("its evidence has no grade {}", g.label());
    }
    const Json now = figures_of(g);
    for (const char* figure :
         {"max_abs", "rel_l2", "norm_ratio", "arrays", "values", "calls"}) {
      const bool count = figure[0] == 'a' || figure[0] == 'v';
      // Elsewhere another processor's kernels run: the last digits may differ,
      // what is exact may not.
      if ((same || count || g.grade == "exact") &&
          now.value(figure, Json()) != known->value(figure, Json())) {
        return fmt::format(
            "{}: {} is {} now, {} in its evidence",
            g.label(),
            figure,
            now.value(figure, Json()).dump(),
            known->value(figure, Json()).dump());
      }
    }
  }
  return {};
}

Check goldens(Port& port, const GateOptions& asked) {
  Check check;
  check.name = "recorded calls";
  VerifyOptions options;
  options.command = asked.command;
  options.record = false;
  options.environments = asked.environments;
  options.jobs = std::max(1u, std::thread::hardware_concurrency());
  // They share the processors.
  options.time_limit =
      port.reference.time_limit * static_cast<int>(options.jobs);
  int calls = 0;
  int components = 0;
  bool elsewhere = false;
  try {
    const Json now = surroundings(ProbeProgram::open(asked.command));
    for (const Result& r : verify(port, options)) {
      ++components;
      if (r.state != Result::State::pass) {
        check.details.push_back(r.component + ": " + r.why);
        continue;
      }
      const Component& c = *port.inventory.find(r.component);
      const Port::Standing standing = port.standing(c);
      if (!standing.holds) {
        check.details.push_back(fmt::format(
            "{}: it passes, but its evidence does not hold: {}",
            r.component,
            standing.why.empty() ? "there is none" : standing.why));
        continue;
      }
      elsewhere |= standing.evidence->line.value("about", Json()) != now;
      if (const std::string what = differs(r, standing.evidence->line, now);
          !what.empty()) {
        check.details.push_back(r.component + ": " + what);
      }
      calls += standing.evidence->line.value("calls", 0);
    }
  } catch (const mlxaudio::Error& e) {
    check.details.emplace_back(e.what());
  }
  if (components == 0 && check.details.empty()) {
    check.details.emplace_back("nothing was run");
  }
  return finished(
      std::move(check),
      fmt::format(
          "{} calls of {} components run again: {}",
          calls,
          components,
          elsewhere ? "all pass; the machine is not that of the evidence, so "
                      "close figures may differ"
                    : "the figures are those of the evidence"));
}

Check rounds(const Port& port) {
  Check check;
  check.name = "rounds";
  const int wanted = rounds_wanted(port.reference);
  const int closed = port.rounds.closed();
  check.ok = closed >= wanted;
  check.text = fmt::format("{} closed, {} asked for", closed, wanted);
  if (port.rounds.current().is_open()) {
    check.text +=
        fmt::format("; round {} is open", port.rounds.current().number);
  }
  if (!check.ok) {
    check.details.push_back(fmt::format(
        "round {} is not closed: `portproof round {}` says what it lacks",
        closed + 1,
        port.reference.model));
  }
  return check;
}

/// Ways to use the model, where the last round asks for them. When it is
/// closed, what they passed with is history: the project's test run has the
/// tests themselves.
Check modes(const Port& port) {
  Check check;
  check.name = "modes";
  const bool open = port.rounds.current().is_open();
  check.details = modes_left(port, open);
  return finished(
      std::move(check),
      fmt::format(
          "the tests of all passed in round {}{}",
          port.rounds.recording(),
          open ? "" : ", before it was closed"));
}

/// Readings: those of the last round that is asked for must hold.
Check signatures(const Port& port) {
  Check check;
  check.name = "signed readings";
  const int wanted = rounds_wanted(port.reference);
  std::size_t signed_now = 0;
  const std::vector<const Component*> all = required_components(port);
  for (const Component* c : all) {
    bool holds = false;
    for (int round = std::max(1, wanted); round <= port.rounds.recording();
         ++round) {
      holds = holds || port.signing(*c, round).holds;
    }
    signed_now += holds ? 1 : 0;
    if (!holds && wanted > 0) {
      check.details.push_back(fmt::format(
          "{}: {}",
          c->name,
          port.signing(*c, std::max(wanted, port.rounds.recording())).why));
    }
  }
  const std::string count =
      fmt::format("{} of {} components", signed_now, all.size());
  check = finished(
      std::move(check),
      wanted > 0 ? count : count + "; no round asks for them");
  check.text = count + (check.ok ? check.text.substr(count.size()) : "");
  return check;
}

} // namespace

Json Check::json() const {
  Json out = {{"check", name}, {"ok", ok}, {"text", text}};
  if (!model.empty()) {
    out["model"] = model;
  }
  out["details"] = details;
  return out;
}

std::vector<Check> gate_checks(
    Port& port,
    const std::vector<const Inventory*>& others,
    const GateOptions& options) {
  std::vector<Check> out;
  out.push_back(records(port));
  out.push_back(inventory(port, others));
  out.push_back(waivers(port));
  out.push_back(followups(port));
  out.push_back(rounds(port));
  if (!round_kind(port.reference, port.rounds.recording()).modes.empty()) {
    out.push_back(modes(port));
  }
  out.push_back(signatures(port));
  if (options.progress) {
    options.progress("running every recorded call");
  }
  out.push_back(goldens(port, options));
  for (Check& check : out) {
    check.model = port.reference.model;
  }
  return out;
}

Check document_check(const Project& project, const Progress& progress) {
  Check check;
  check.name = "progress document";
  const std::string text = document(progress.sections());
  const bool same =
      std::filesystem::exists(project.document()) &&
      mlxaudio::read_file(project.document(), mlxaudio::ErrorCode::config) ==
          text;
  if (!same) {
    check.details.push_back(fmt::format(
        "{} is not what the sources and the evidence give: run `portproof "
        "status`",
        project.document().filename().string()));
  }
  return finished(std::move(check), "it is what all this gives");
}

} // namespace portproof
