// SPDX-License-Identifier: MIT
#include "portproof/status.h"

#include <fmt/format.h>

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

void waivers(std::string& out, const Section& section) {
  out +=
      "### Not ported, with reasons\n\n| Component | Reason |\n| --- | --- |\n";
  for (const Component& c : section.inventory.components) {
    if (const Rule* waiver = section.reference.waiver(c.name)) {
      out += fmt::format("| {} | {} |\n", described(c), cell(waiver->text));
    }
  }
  out += '\n';
}

} // namespace

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
      "Python source, recorded calls, tolerance, MLX) has changed since.\n\n";
  for (const Section& s : sections) {
    out += fmt::format("## {}\n\n", s.reference.title);
    for (const Package& p : s.reference.packages) {
      out += package_line(p);
    }
    out += '\n';
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
    waivers(out, s);
  }
  return out;
}

} // namespace portproof
