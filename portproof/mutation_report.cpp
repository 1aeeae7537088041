// SPDX-License-Identifier: MIT
#include "portproof/mutation_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/mutation_operators.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using Outcome = MutantResult::Outcome;

// What `mutate` demands of the recorded calls.
constexpr double kLeastCaught = 0.95;
constexpr double kLeastNamed = 0.90;

std::string_view what_of(const std::string& op) {
  for (const Operator& o : source_operators()) {
    if (o.name == op) {
      return o.what;
    }
  }
  for (const WeightOperator& o : weight_operators()) {
    if (o.name == op) {
      return o.what;
    }
  }
  return {};
}

/// For a cell of a table: on one line, short, without what Markdown reads.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') {
      out += "\\|";
    } else if (c == '\n') {
      out += ' ';
    } else if (c != '`' && !(c == ' ' && out.ends_with(' '))) {
      out += c;
    }
  }
  return out.size() > 90 ? out.substr(0, 87) + "..." : out;
}

std::string place(const Mutant& m) {
  return m.of_weights() ? "weight `" + m.symbol + "`"
                        : fmt::format("`{}:{}`", m.file, m.line);
}

std::string change(const Mutant& m) {
  if (m.of_weights()) {
    return std::string(what_of(m.op));
  }
  const std::string before = cell(m.before);
  const std::string after = cell(m.after);
  return fmt::format(
      "`{}` for `{}`",
      after.empty() ? " " : after,
      before.empty() ? " " : before);
}

std::string rates(
    const std::string& head,
    const std::map<std::string, MutationCounts>& counts,
    bool describe) {
  std::string out = fmt::format(
      "| {} | {}Planted | Caught | Named |\n| --- | {}---: | ---: | ---: |\n",
      head,
      describe ? "What is wrong | " : "",
      describe ? "--- | " : "");
  for (const auto& [name, n] : counts) {
    out += fmt::format(
        "| `{}` | {}{} | {} | {} |\n",
        name,
        describe ? fmt::format("{} | ", what_of(name)) : "",
        n.planted,
        n.caught,
        n.named);
  }
  return out;
}

std::string percent(double rate) {
  return fmt::format("{:.1f} %", 100 * rate);
}

/// Those that were put back, which count again.
std::string restored_section(const MutationList& list) {
  std::string rows;
  for (const MutationList::Entry& e : list.entries()) {
    if (!e.restored.empty()) {
      rows += fmt::format(
          "| `{}` | {} | {} | {} |\n",
          e.mutant.id,
          place(e.mutant),
          change(e.mutant),
          e.restored);
    }
  }
  return rows.empty() ? rows
                      : "\n### Put back\n\n| Mutant | Place | Written | Why "
                        "it is one after all |\n| --- | --- | --- | --- |\n" +
                            rows;
}

} // namespace

MutationReport::MutationReport(
    const MutationList& list,
    const MutationResults& results,
    const std::function<std::string(const Mutant&)>& state_of,
    const std::function<bool(const Mutant&)>& is_there) {
  for (const MutationList::Entry& e : list.entries()) {
    const MutantResult* r = results.last(e.mutant.id);
    if (!e.removed.empty()) {
      removed.push_back(&e);
      continue;
    }
    if (!is_there(e.mutant)) {
      lost.push_back(&e);
    }
    if (r == nullptr) {
      unjudged.push_back(&e);
      continue;
    }
    if (r->outcome == Outcome::invalid) {
      ++invalid;
      continue;
    }
    earlier += r->state == state_of(e.mutant) ? 0 : 1;
    const bool caught = r->outcome == Outcome::caught;
    for (MutationCounts* n :
         {&all, &by_operator[e.mutant.op], &by_component[e.mutant.component]}) {
      ++n->planted;
      n->caught += caught ? 1 : 0;
      n->named += caught && r->named ? 1 : 0;
    }
    if (!caught) {
      missed.push_back(&e);
    } else if (!r->named) {
      misnamed.push_back(&e);
    }
  }
}

double MutationReport::caught_rate() const {
  return all.planted == 0 ? 0 : static_cast<double>(all.caught) / all.planted;
}

double MutationReport::named_rate() const {
  return all.caught == 0 ? 0 : static_cast<double>(all.named) / all.caught;
}

std::string MutationReport::short_of() const {
  if (!lost.empty()) {
    return fmt::format(
        "the code that {} mutants change is no longer there ({} in {} is the "
        "first): `portproof mutate MODEL draw` and `run` put others in their "
        "place",
        lost.size(),
        lost.front()->mutant.id,
        lost.front()->mutant.file);
  }
  if (!unjudged.empty()) {
    return fmt::format(
        "{} mutants are not run: `portproof mutate MODEL run`",
        unjudged.size());
  }
  if (caught_rate() < kLeastCaught) {
    return fmt::format(
        "{} were caught, 95 % are asked for: record more calls for what was "
        "missed",
        percent(caught_rate()));
  }
  if (named_rate() < kLeastNamed) {
    return fmt::format(
        "of {} the right component was named, 90 % are asked for: record calls "
        "of the components themselves",
        percent(named_rate()));
  }
  return {};
}

std::string markdown(
    const MutationReport& report,
    const MutationList& list,
    const MutationResults& results) {
  std::string out = fmt::format(
      "{} defects of {} kinds in {} components, drawn with seed {}: **{} "
      "caught "
      "({})**, of these **{} with the right component named ({})**.\n",
      report.all.planted,
      report.by_operator.size(),
      report.by_component.size(),
      list.seed(),
      report.all.caught,
      percent(report.caught_rate()),
      report.all.named,
      percent(report.named_rate()));
  if (report.invalid > 0) {
    out += fmt::format(
        "{} more did not build, and others were drawn for them.\n",
        report.invalid);
  }
  out += "\n### Missed\n\n";
  if (report.missed.empty()) {
    out += "None.\n";
  } else {
    out +=
        "| Mutant | Component | Place | Written |\n| --- | --- | --- | --- |\n";
    for (const auto* e : report.missed) {
      out += fmt::format(
          "| `{}` | `{}` | {} | {} |\n",
          e->mutant.id,
          e->mutant.component,
          place(e->mutant),
          change(e->mutant));
    }
  }
  out += "\n### Caught, but another component named\n\n";
  if (report.misnamed.empty()) {
    out += "None.\n";
  } else {
    out +=
        "| Mutant | Component | Place | Written | Red |\n"
        "| --- | --- | --- | --- | --- |\n";
    for (const auto* e : report.misnamed) {
      out += fmt::format(
          "| `{}` | `{}` | {} | {} | `{}` |\n",
          e->mutant.id,
          e->mutant.component,
          place(e->mutant),
          change(e->mutant),
          results.last(e->mutant.id)->first);
    }
  }
  out += "\n### Taken out\n\n";
  if (report.removed.empty()) {
    out += "None.\n";
  } else {
    out +=
        "| Mutant | Place | Written | Why | Shown by |\n"
        "| --- | --- | --- | --- | --- |\n";
    for (const auto* e : report.removed) {
      out += fmt::format(
          "| `{}` | {} | {} | {} | {} |\n",
          e->mutant.id,
          place(e->mutant),
          change(e->mutant),
          e->removed,
          e->shown);
    }
  }
  out += restored_section(list);
  out += "\n### By kind\n\n" + rates("Kind", report.by_operator, true);
  out +=
      "\n### By component\n\n" + rates("Component", report.by_component, false);
  return out;
}

Json to_json(
    const MutationReport& report,
    const MutationList& list,
    const MutationResults& results) {
  const auto counts = [](const MutationCounts& n) {
    return Json{
        {"planted", n.planted},
        {"caught", n.caught},
        {"named", n.named}};
  };
  const auto table = [&](const std::map<std::string, MutationCounts>& all) {
    Json out = Json::object();
    for (const auto& [name, n] : all) {
      out[name] = counts(n);
    }
    return out;
  };
  const auto mutants = [&](const std::vector<const MutationList::Entry*>& all) {
    Json out = Json::array();
    for (const auto* e : all) {
      Json one = e->mutant.json();
      if (const MutantResult* r = results.last(e->mutant.id)) {
        one["first"] = r->first;
        one["why"] = r->why;
      }
      if (!e->removed.empty()) {
        one["reason"] = e->removed;
        one["shown"] = e->shown;
      }
      out.push_back(std::move(one));
    }
    return out;
  };
  return {
      {"seed", list.seed()},
      {"all", counts(report.all)},
      {"operators", table(report.by_operator)},
      {"components", table(report.by_component)},
      {"missed", mutants(report.missed)},
      {"misnamed", mutants(report.misnamed)},
      {"removed", mutants(report.removed)},
      {"unjudged", mutants(report.unjudged)},
      {"lost", mutants(report.lost)},
      {"invalid", report.invalid},
      {"earlier", report.earlier},
      {"short_of", report.short_of()}};
}

std::string with_section(
    const std::string& text, const std::string& name, const std::string& part) {
  const std::string open = "<!-- " + name + " -->\n";
  const std::string close = "<!-- end " + name + " -->";
  const std::size_t begin = text.find(open);
  const std::size_t end = text.find(close);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    throw mlxaudio::ConfigError(fmt::format(
        "[portproof] the document lacks the lines `{}` and `{}`: add them "
        "where the figures belong",
        open.substr(0, open.size() - 1),
        close));
  }
  return text.substr(0, begin) + open + "\n" + part + "\n" + text.substr(end);
}

} // namespace portproof
