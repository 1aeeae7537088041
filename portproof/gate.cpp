// SPDX-License-Identifier: MIT
#include "portproof/gate.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/round_work.h"
#include "portproof/variant_run.h"
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

unsigned jobs() {
  return std::max(1u, std::thread::hardware_concurrency());
}

/// They share the processors. \unit s
int time_limit(const Port& port) {
  return port.reference.time_limit * static_cast<int>(jobs());
}

/// \param results is filled
Check goldens(
    Port& port, const GateOptions& asked, std::vector<Result>& results) {
  Check check;
  check.name = "recorded calls";
  VerifyOptions options;
  options.command = asked.command;
  options.record = false;
  options.environments = asked.environments;
  options.jobs = jobs();
  options.time_limit = time_limit(port);
  int calls = 0;
  int components = 0;
  bool elsewhere = false;
  try {
    const Json now = surroundings(ProbeProgram::open(asked.command));
    results = verify(port, options);
    for (const Result& r : results) {
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

/// "x86-64, AVX-512 on 2026-11-30": where a row ran last.
std::string run_where(const Evidence& evidence) {
  return fmt::format(
      "{} on {}",
      evidence.line.value("about", Json::object())
          .value("processor", "another machine"),
      evidence.line.value("time", "").substr(0, 10));
}

/// A variant that this machine cannot run.
Check away(
    const Port& port,
    const Variant& variant,
    const std::vector<VariantRow>& rows,
    const std::string& why) {
  Check check;
  check.run = false;
  std::string where;
  for (const VariantRow& row : rows) {
    const VariantStanding standing = standing_of(port, row);
    if (standing.holds) {
      where = run_where(*standing.evidence);
    } else {
      check.details.push_back(
          fmt::format("{}: {}", row.component->name, standing.why));
    }
  }
  if (check.details.empty()) {
    return finished(
        std::move(check),
        fmt::format(
            "{}; the evidence of its {} rows holds, of {}",
            why,
            rows.size(),
            where));
  }
  if (!variant.waits.empty()) {
    check.ok = true;
    check.text = fmt::format(
        "{}, and {} of its {} rows not verified; they wait: {}",
        why,
        check.details.size(),
        rows.size(),
        variant.waits);
    check.details.clear();
    return check;
  }
  check.details.push_back(fmt::format(
      "run `portproof verify {} --variant '{}'` on a machine that has what it "
      "needs, or say in its `waits` in reference.toml why that may wait",
      port.reference.model,
      variant.name));
  check.text = fmt::format(
      "{}, and {} of its {} rows not verified",
      why,
      check.details.size() - 1,
      rows.size());
  return check;
}

/// A variant whose rows were run.
Check ran(
    const Port& port,
    const Variant& variant,
    const std::vector<VariantRow>& rows,
    const std::vector<Result>& results,
    const Json& here) {
  Check check;
  bool elsewhere = false;
  int calls = 0;
  for (const VariantRow& row : rows) {
    const auto r =
        std::find_if(results.begin(), results.end(), [&](const Result& one) {
          return one.component == row.component->name;
        });
    const VariantStanding standing = standing_of(port, row);
    std::string what;
    if (r == results.end() || r->state != Result::State::pass) {
      what = r == results.end() ? "not run" : r->why;
    } else if (!standing.holds) {
      what = "it passes, but its evidence does not hold: " + standing.why;
    } else {
      elsewhere |= standing.evidence->line.value("about", Json()) != here;
      calls += standing.evidence->line.value("calls", 0);
      what = differs(*r, standing.evidence->line, here);
    }
    if (!what.empty()) {
      check.details.push_back(row.component->name + ": " + what);
    }
  }
  if (!variant.waits.empty()) {
    check.details.emplace_back(
        "it can be run here, so nothing of it may wait: verify it and take "
        "`waits` out of reference.toml");
  }
  return finished(
      std::move(check),
      fmt::format(
          "{} calls of {} components run again: {}",
          calls,
          rows.size(),
          elsewhere ? "all pass; the machine is not that of the evidence, so "
                      "figures may differ"
                    : "the figures are those of the evidence"));
}

/// A check for each variant. \param ordinary what the ordinary run gave
std::vector<Check> variants(
    Port& port, const GateOptions& asked, const std::vector<Result>& ordinary) {
  VariantOptions options;
  options.command = asked.command;
  options.record = false;
  options.jobs = jobs();
  options.time_limit = time_limit(port);
  options.features = asked.features;
  std::vector<Result> all;
  std::string trouble;
  try {
    all = verify_variants(port, options, ordinary);
  } catch (const mlxaudio::Error& e) {
    trouble = e.what();
  }
  std::vector<Check> out;
  for (const Variant& variant : port.variants) {
    std::vector<VariantRow> rows = variant_rows(port);
    std::erase_if(rows, [&](const VariantRow& row) {
      return row.variant != &variant || waits_for_calls(port, row);
    });
    if (rows.empty()) {
      continue;
    }
    std::vector<Result> results = all;
    std::erase_if(results, [&](const Result& r) {
      return r.variant != variant.name;
    });
    const auto not_here =
        std::find_if(results.begin(), results.end(), [](const Result& r) {
          return r.state == Result::State::away;
        });
    Check check;
    if (!trouble.empty()) {
      check.details.push_back(trouble);
      check = finished(std::move(check), {});
    } else if (not_here != results.end()) {
      check = away(port, variant, rows, not_here->why);
    } else {
      check =
          ran(port,
              variant,
              rows,
              results,
              surroundings_of(asked.command, variant));
    }
    check.name = "variant " + variant.name;
    out.push_back(std::move(check));
  }
  return out;
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
  Json out = {{"check", name}, {"ok", ok}, {"run", run}, {"text", text}};
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
  std::vector<Result> ordinary;
  out.push_back(goldens(port, options, ordinary));
  if (!port.variants.empty() && options.progress) {
    options.progress("running what variants cover");
  }
  for (Check& check : variants(port, options, ordinary)) {
    out.push_back(std::move(check));
  }
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
