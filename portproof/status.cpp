// SPDX-License-Identifier: MIT
#include "portproof/status.h"

#include <algorithm>

#include <fmt/format.h>

#include "portproof/variants.h"

namespace portproof {
namespace {

/// Text that may stand in a cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') {
      out += "\\|";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string described(const Component& c) {
  std::string kind = c.kind;
  if (!c.items.empty()) {
    kind += fmt::format(
        ", {} item{}",
        c.items.size(),
        c.items.size() == 1 ? "" : "s");
  }
  return fmt::format("`{}` ({})", c.name, kind);
}

Mark mark_of(const Section& section, const std::string& component) {
  const auto it = section.marks.find(component);
  return it == section.marks.end() ? Mark{} : it->second;
}

bool ported(const Mark& mark) {
  return mark.tagged && mark.probed;
}

bool is_function(const std::string& kind) {
  return kind == "function" || kind == "method" || kind == "property";
}

bool is_datum(const std::string& kind) {
  return kind == "option" || kind == "constant" || kind == "field";
}

/// Where the model's rounds of verification stand.
void rounds(std::string& out, const Section& section) {
  const Round& round = section.round;
  if (round.number == 0) {
    return;
  }
  int asked = 0;
  int read = 0;
  for (const Component& c : section.inventory.components) {
    const Rule* stage = section.reference.stage(c.name);
    if (section.reference.waiver(c.name) == nullptr && stage != nullptr &&
        stage->required) {
      ++asked;
      read += mark_of(section, c.name).read ? 1 : 0;
    }
  }
  out += fmt::format(
      "Round {} ({}): {}. {} of {} required components read and signed.\n\n",
      round.number,
      round.title,
      round.is_open() ? "open since " + round.opened.substr(0, 10)
                      : fmt::format(
                            "{} to {}, closed",
                            round.opened.substr(0, 10),
                            round.closed.substr(0, 10)),
      read,
      asked);
  if (section.solo) {
    out += "Solo mode: who wrote a component may sign its reading.\n\n";
  }
}

/// How often each reader caught a defect that was planted in a page.
void readers(std::string& out, const Section& section) {
  if (section.readers.empty()) {
    return;
  }
  out +=
      "### Readers\n\n| Reader | Pages signed | Objections | Planted defects "
      "caught | Signatures lost |\n| --- | --: | --: | --: | --: |\n";
  for (const ReaderRecord& r : section.readers) {
    out += fmt::format(
        "| {} | {} | {} | {} | {} |\n",
        r.reader,
        r.signed_pages,
        r.objected,
        r.planted == 0 ? "none planted"
                       : fmt::format("{} of {}", r.caught, r.planted),
        r.lost);
  }
  out += '\n';
}

void followups(std::string& out, const Section& section) {
  if (section.followups.empty()) {
    return;
  }
  out += "### Follow-ups\n\n";
  for (const Followup& f : section.followups) {
    out += fmt::format(
        "- {}{}{}: {}\n",
        f.blocker ? "**blocker** " : "",
        f.id,
        f.component.empty() ? "" : fmt::format(" (`{}`)", f.component),
        cell(f.text));
  }
  out += '\n';
}

std::string package_line(const Package& p) {
  const char* role = p.decides        ? "decides where the references differ"
                     : p.compare_only ? "for comparison only"
                                      : "the implementation on MLX";
  const std::string name = fmt::format("{} {}", p.package, p.version);
  return fmt::format(
      "- {} ({}): {}\n",
      p.url.empty() ? name : fmt::format("[{}]({})", name, p.url),
      p.license,
      role);
}

void table(std::string& out, const Section& section, const Rule& stage) {
  out += "| Component | Initial port | Verification | Notes |\n";
  out += "| --- | :-: | :-: | --- |\n";
  for (const Component& c : section.inventory.components) {
    if (section.reference.waiver(c.name) != nullptr ||
        section.reference.stage(c.name) != &stage) {
      continue;
    }
    out += row(section, c) + '\n';
  }
  out += '\n';
}

/// Other ways in which the port computes, a row for each component of each.
void variants(std::string& out, const Section& section) {
  if (section.variants.empty()) {
    return;
  }
  const auto verified = std::count_if(
      section.variants.begin(),
      section.variants.end(),
      [](const VariantMark& m) { return m.verified; });
  out += fmt::format(
      "### Variants: {} of {} rows verified\n\nOther ways in which the port "
      "computes. Recorded calls run again in the variant's environment; the "
      "error is to the reference's\nresults in the worst call: relative L2, or "
      "\"abs\", the difference of single numbers. Texts and whole numbers must "
      "be "
      "equal.\n\n",
      verified,
      section.variants.size());
  for (const Variant& v : variants_of(section.reference)) {
    out += fmt::format("- *{}*: `{}`", v.name, v.environment_text());
    for (std::size_t i = 0; i < v.needs.size(); ++i) {
      out += (i == 0 ? "; needs " : ", ") + v.needs[i];
    }
    if (!v.waits.empty()) {
      out += "; may wait: " + cell(v.waits);
    }
    out += '\n';
  }
  out +=
      "\n| Component | Variant | Error | Tolerance | Verification | Notes |\n"
      "| --- | --- | --: | --: | :-: | --- |\n";
  for (const VariantMark& m : section.variants) {
    out += fmt::format(
        "| `{}` | {} | {} | {} | {} | {} |\n",
        m.component,
        cell(m.variant),
        m.error,
        m.tolerance,
        m.verified ? "✅" : "",
        cell(m.notes));
  }
  out += '\n';
}

void waivers(std::string& out, const Section& section) {
  out += fmt::format(
      "### Not ported, with reasons\n\nWaived: {}.\n\n"
      "| Component | Reason |\n| --- | --- |\n",
      count_waived(section.reference, section.inventory).text());
  for (const Component& c : section.inventory.components) {
    if (const Rule* waiver = section.reference.waiver(c.name)) {
      out += fmt::format(
          "| {} | {}{} |\n",
          described(c),
          cell(waiver->text),
          waiver->reached ? "" : " (no run reaches it)");
    }
  }
  out += '\n';
}

} // namespace

Waived count_waived(const Reference& reference, const Inventory& inventory) {
  Waived n;
  for (const Component& c : inventory.components) {
    const Rule* waiver = reference.waiver(c.name);
    if (waiver != nullptr && !waiver->reached) {
      ++n.unreached;
      continue;
    }
    int functions = is_function(c.kind) ? 1 : 0;
    int data = c.kind == "table" ? 1 : 0;
    for (const mlxaudio::Json& item : c.row.at("items")) {
      const std::string kind = item.value("kind", "");
      functions += is_function(kind) ? 1 : 0;
      data += is_datum(kind) ? 1 : 0;
    }
    n.functions += functions;
    n.data += data;
    if (waiver != nullptr) {
      n.waived_functions += functions;
      n.waived_data += data;
    }
  }
  return n;
}

std::string Waived::text() const {
  std::string out = fmt::format(
      "{} of {} functions that a run reaches, {} of {} options, constants "
      "and tables",
      waived_functions,
      functions,
      waived_data,
      data);
  if (unreached > 0) {
    out += fmt::format(
        "; {} component{} that no run reaches not counted",
        unreached,
        unreached == 1 ? "" : "s");
  }
  return out;
}

Counts count(const Section& section, const std::string& stage) {
  Counts n;
  for (const Component& c : section.inventory.components) {
    if (section.reference.waiver(c.name) != nullptr) {
      ++n.waived;
      continue;
    }
    const Rule* rule = section.reference.stage(c.name);
    if (rule == nullptr || rule->text != stage) {
      continue;
    }
    const Mark mark = mark_of(section, c.name);
    ++n.required;
    n.ported += ported(mark) ? 1 : 0;
    n.verified += ported(mark) && mark.verified ? 1 : 0;
  }
  return n;
}

std::string row(const Section& section, const Component& component) {
  const Mark mark = mark_of(section, component.name);
  return fmt::format(
      "| {} | {} | {} | {} |",
      described(component),
      ported(mark) ? "✅" : "",
      ported(mark) && mark.verified ? "✅" : "",
      cell(mark.notes));
}

std::string document(const std::vector<Section>& sections) {
  std::string out =
      "# Porting progress\n\n"
      "Made by `portproof status`; an edit by hand fails the tests. A "
      "component "
      "is a class, function, table or\ngroup of constants of the reference. "
      "*Initial port*: a C++ definition carries its `\\port` tag and a probe "
      "runs\nit. *Verification*: `portproof verify` compared every recorded "
      "call "
      "of it with the reference, and nothing\nthat this rests on (C++ code, "
      "Python source, recorded calls, tolerance, MLX) has changed since; once "
      "a round is open,\nin that round, and somebody else than its author has "
      "signed a reading of it.\n\n";
  for (const Section& s : sections) {
    out += fmt::format("## {}\n\n", s.reference.title);
    for (const Package& p : s.reference.packages) {
      out += package_line(p);
    }
    out += '\n';
    rounds(out, s);
    if (!s.wrong.empty()) {
      out += "### To be mended\n\n";
      for (const std::string& line : s.wrong) {
        out += fmt::format("- {}\n", line);
      }
      out += '\n';
    }
    // Rules are in the order in which they match, so the catch-all is last;
    // people want to see it first.
    for (auto stage = s.reference.stages.rbegin();
         stage != s.reference.stages.rend();
         ++stage) {
      const Counts n = count(s, stage->text);
      out += fmt::format(
          "### {}: {} of {} ported, {} verified\n\n{}.\n\n",
          stage->text,
          n.ported,
          n.required,
          n.verified,
          stage->why);
      table(out, s, *stage);
    }
    variants(out, s);
    waivers(out, s);
    readers(out, s);
    followups(out, s);
  }
  return out;
}

} // namespace portproof
