// SPDX-License-Identifier: MIT
#include "portproof/report.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "portproof/audit.h"
#include "portproof/costs.h"
#include "portproof/html.h"
#include "portproof/map.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::Json;

/// How a component stands, for people and for the filter.
struct State {
  const char* key; ///< of the filter
  const char* text;
  const char* look; ///< class of the badge
};

State state_of(const Section& section, const Port& port, const Component& c) {
  if (port.reference.waiver(c.name) != nullptr) {
    return {"waived", "waived", "none"};
  }
  const Mark& mark = section.marks.at(c.name);
  if (!mark.tagged || !mark.probed) {
    const Rule* stage = port.reference.stage(c.name);
    const bool required = stage != nullptr && stage->required;
    return {
        "missing",
        mark.tagged ? "no probe" : "not ported",
        required ? "bad" : "none"};
  }
  if (mark.verified) {
    return {"verified", "verified", "good"};
  }
  const Evidence* evidence = port.evidence.last(c.name);
  if (evidence == nullptr) {
    return {"open", "not verified", "wait"};
  }
  return evidence->pass ? State{"open", "expired", "wait"}
                        : State{"open", "failed", "bad"};
}

std::string card(
    const std::string& number, const std::string& what, const char* look = "") {
  return fmt::format(
      "<div class=\"card {}\"><b>{}</b><span>{}</span></div>\n",
      look,
      number,
      html(what));
}

struct Totals {
  int required = 0, ported = 0, verified = 0, waived = 0;
};

Totals totals(const Section& section) {
  Totals t;
  for (const Rule& stage : section.reference.stages) {
    const Counts n = count(section, stage.text);
    t.required += n.required;
    t.ported += n.ported;
    t.verified += n.verified;
    t.waived = n.waived;
  }
  return t;
}

std::string component_table(const Section& section, const Port& port) {
  std::string out =
      "<div class=\"tools\"><input type=\"search\" "
      "data-search=\"components\" aria-label=\"Search the components\" "
      "placeholder=\"Search: name, kind, note  ( / )\">"
      "<button type=\"button\" data-filter-of=\"components\" "
      "data-filter=\"verified\" aria-pressed=\"false\">Verified</button>"
      "<button type=\"button\" data-filter-of=\"components\" "
      "data-filter=\"open\" aria-pressed=\"false\">Open</button>"
      "<button type=\"button\" data-filter-of=\"components\" "
      "data-filter=\"missing\" aria-pressed=\"false\">Missing</button>"
      "<button type=\"button\" data-filter-of=\"components\" "
      "data-filter=\"waived\" aria-pressed=\"false\">Waived</button>"
      "<span class=\"soft\" data-count=\"components\" "
      "aria-live=\"polite\"></span></div>\n"
      "<div class=\"panel scroll\"><table id=\"components\"><thead><tr><th "
      "data-sort>Component</th><th data-sort>Kind</th><th "
      "data-sort>Stage</th><th data-sort>State</th><th data-sort "
      "class=\"number\">Calls</th><th data-sort class=\"number\">Relative "
      "L2</th><th>Notes</th></tr></thead>\n<tbody>\n";
  for (const Component& c : port.inventory.components) {
    const State state = state_of(section, port, c);
    const Rule* waiver = port.reference.waiver(c.name);
    const Rule* stage = port.reference.stage(c.name);
    const Evidence* evidence = port.evidence.last(c.name);
    std::string calls;
    std::string error;
    double value = -1;
    if (evidence != nullptr && waiver == nullptr) {
      calls = std::to_string(evidence->line.value("calls", 0));
      const Json close = evidence->line.value("grades", Json::object())
                             .value("close", Json::object());
      value = close.value("rel_l2", 0.0);
      error =
          close.value("arrays", 0) == 0 && value == 0 ? "equal" : figure(value);
    }
    out += fmt::format(
        "<tr tabindex=\"-1\" data-state=\"{}\"><td><a "
        "href=\"#{}\"><code>{}</code></a></td><td>{}</td><td>{}</td><td><span "
        "class=\"badge {}\">{}</span></td><td class=\"number\">{}</td><td "
        "class=\"number\" data-value=\"{:.9g}\">{}</td><td>{}</td></tr>\n",
        state.key,
        anchor(c.name),
        html(c.name),
        html(c.kind),
        waiver != nullptr  ? ""
        : stage != nullptr ? html(stage->text)
                           : "",
        state.look,
        state.text,
        calls,
        value,
        error,
        html(
            waiver != nullptr ? waiver->text : section.marks.at(c.name).notes));
  }
  return out + "</tbody></table></div>\n";
}

std::string sources(
    const Section& section, const Port& port, const Workplace& work) {
  std::string out =
      "<div class=\"tools\"><button type=\"button\" "
      "data-open=\"source-list\">Open all</button></div>\n<div "
      "id=\"source-list\">\n";
  for (const Component& c : port.inventory.components) {
    const State state = state_of(section, port, c);
    out += fmt::format(
        "<details id=\"{}\"><summary><code>{}</code> <span class=\"badge "
        "{}\">{}</span></summary>{}</details>\n",
        anchor(c.name),
        html(c.name),
        state.look,
        state.text,
        side_by_side(port, c, work));
  }
  return out + "</div>\n";
}

std::string evidence_table(const Port& port) {
  std::string rows;
  for (const Component& c : port.inventory.components) {
    const Evidence* e = port.evidence.last(c.name);
    if (e == nullptr) {
      continue;
    }
    const Json about = e->line.value("about", Json::object());
    std::string where;
    for (const auto& [key, value] : about.items()) {
      where += (where.empty() ? "" : ", ") + key + " " +
               (value.is_string() ? value.get<std::string>() : value.dump());
    }
    const bool holds = port.standing(c).holds;
    rows += fmt::format(
        "<tr><td><a href=\"#{}\"><code>{}</code></a></td><td>{}</td><td "
        "class=\"number\">{}</td><td><span class=\"badge {}\">{}</span></td>"
        "<td>{}</td><td><code>{}</code></td></tr>\n",
        anchor(c.name),
        html(c.name),
        html(e->line.value("time", "")),
        e->round,
        holds     ? "good"
        : e->pass ? "wait"
                  : "bad",
        holds     ? "holds"
        : e->pass ? "expired"
                  : "failed",
        html(where),
        html(e->fingerprint.substr(0, 12)));
  }
  if (rows.empty()) {
    return fmt::format(
        "<p class=\"soft\">None: `portproof verify {}` makes it.</p>\n",
        html(port.reference.model));
  }
  return "<div class=\"panel scroll\"><table "
         "id=\"evidence-table\"><thead><tr><th "
         "data-sort>Component</th><th data-sort>Recorded</th><th data-sort "
         "class=\"number\">Round</th><th data-sort>Fingerprint</th><th "
         "data-sort>On</th><th></th></tr></thead>\n<tbody>\n" +
         rows + "</tbody></table></div>\n";
}

std::string deviations(const Port& port) {
  std::string rows;
  for (const Component& c : port.inventory.components) {
    for (const Deviation& d : port.deviations(c)) {
      rows += fmt::format(
          "<tr><td>{}</td><td><a href=\"#{}\"><code>{}</code></a></td><td>{}"
          "</td><td><code>{}</code></td></tr>\n",
          html(d.id),
          anchor(c.name),
          html(c.name),
          html(d.why),
          html(d.file));
    }
  }
  return rows.empty()
             ? "<p class=\"soft\">None.</p>\n"
             : "<div class=\"panel\"><table id=\"deviation-table\"><thead><tr>"
               "<th data-sort>Id</th><th data-sort>Component</th><th>Why</th>"
               "<th data-sort>Place</th></tr></thead>\n<tbody>\n" +
                   rows + "</tbody></table></div>\n";
}

std::string waivers(const Section& section) {
  std::string rows;
  for (const Component& c : section.inventory.components) {
    if (const Rule* waiver = section.reference.waiver(c.name)) {
      rows += fmt::format(
          "<tr><td><code>{}</code></td><td>{}</td></tr>\n",
          html(c.name),
          html(waiver->text));
    }
  }
  return rows.empty()
             ? "<p class=\"soft\">None: all of it is to be ported.</p>\n"
             : "<div class=\"panel\"><table id=\"waiver-table\"><thead><tr>"
               "<th>Component</th><th>Reason</th></tr></thead>\n<tbody>\n" +
                   rows + "</tbody></table></div>\n";
}

/// What `audit` finds in the port's source, the accepted too.
std::string audit_table(const Port& port) {
  const Audit found = audit(port.project, port.reference, {});
  std::string rows;
  for (const AuditFinding& f : found.findings) {
    rows += fmt::format(
        "<tr><td><span class=\"badge {}\">{}</span></td><td>{}</td><td><code>{}"
        ":{}</code></td><td><code>{}</code></td><td>{}</td></tr>\n",
        f.answer.empty() ? "bad" : "good",
        f.answer.empty() ? "open" : "answered",
        html(f.check),
        html(f.file),
        f.line,
        html(f.code),
        html(f.answer.empty() ? f.what : f.answer));
  }
  const std::string counts = fmt::format(
      "<p class=\"soft\">{} checks over {} files: {} open, {} answered.</p>\n",
      checks().size(),
      found.files,
      found.open(),
      found.answered());
  return rows.empty()
             ? counts
             : counts +
                   "<div class=\"panel\"><table id=\"audit-table\"><thead><tr>"
                   "<th data-sort>State</th><th data-sort>Check</th><th "
                   "data-sort>Place</th><th>Code</th><th>Why</th></tr></thead>"
                   "\n<tbody>\n" +
                   rows + "</tbody></table></div>\n";
}

std::string references(const Reference& reference) {
  std::string out = "<p>";
  for (const Package& p : reference.packages) {
    out += fmt::format(
        "{}<a href=\"{}\">{} {}</a> ({}){}",
        out.size() > 3 ? " \u00b7 " : "",
        html(p.url),
        html(p.package),
        html(p.version),
        html(p.license),
        p.decides        ? ", which decides"
        : p.compare_only ? ", for comparison"
                         : "");
  }
  return out + "</p>\n";
}

/// What components cost beside the references.
std::string cost_rows(const Port& port) {
  const Costs costs(port);
  std::string rows;
  for (const CostRow& row : costs.rows()) {
    for (const CostSide& side : row.sides) {
      rows += fmt::format(
          "<tr><td><a href=\"#{}\"><code>{}</code></a></td><td>{}</td><td "
          "class=\"number\">{}</td><td class=\"number\" "
          "data-value=\"{:.9g}\">{:.3g}</td><td class=\"number\" "
          "data-value=\"{:.9g}\">{:.3g}</td><td class=\"number\" "
          "data-value=\"{:.9g}\">{:.2g}</td><td class=\"number\">{}</td><td "
          "class=\"number\">{}</td><td>{}{}</td></tr>\n",
          anchor(row.component),
          html(row.component),
          html(side.reference),
          side.calls,
          side.port_seconds,
          side.port_seconds * 1e3,
          side.seconds,
          side.seconds * 1e3,
          side.ratio(),
          side.ratio(),
          side.port_growth_kib,
          side.growth_kib,
          row.holds ? "" : "before its code changed. ",
          !row.slow            ? ""
          : row.answer.empty() ? "slow"
                               : html(row.answer));
    }
  }
  if (rows.empty()) {
    return fmt::format(
        "<p class=\"soft\">Not measured: `portproof trace {} --costs` does "
        "it.</p>\n",
        html(port.reference.model));
  }
  return "<p class=\"soft\">" + html(costs.about()) +
         "</p>\n<div class=\"panel scroll\"><table id=\"cost-table\"><thead>"
         "<tr><th data-sort>Component</th><th data-sort>Beside</th><th "
         "data-sort class=\"number\">Calls</th><th data-sort "
         "class=\"number\">Port, ms</th><th data-sort "
         "class=\"number\">Reference, ms</th><th data-sort "
         "class=\"number\">Ratio</th><th data-sort class=\"number\">Port "
         "grew, KiB</th><th data-sort class=\"number\">Reference grew, "
         "KiB</th><th>Notes</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody></table></div>\n";
}

struct Part {
  const char* id;
  const char* title;
  std::string body;
};

} // namespace

std::string anchor(const std::string& component) {
  std::string out = "c-";
  for (const char c : component) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       c == '.' || c == '_' || c == '-';
    out += plain ? c : '-';
  }
  return out;
}

std::string report_html(
    const Port& port,
    const std::vector<const Inventory*>& others,
    const Json& map,
    const Workplace& work) {
  const Section section = port.section(others);
  const std::vector<Figure> figures = figures_by_depth(port, map);
  const Totals t = totals(section);
  int deviating = 0;
  for (const Component& c : port.inventory.components) {
    deviating += static_cast<int>(port.deviations(c).size());
  }
  int calls = 0;
  for (const Figure& f : figures) {
    calls += f.calls;
  }
  std::string body = fmt::format(
      "<h1 id=\"top\">{}</h1>\n{}<div class=\"cards\">\n",
      html(port.reference.title),
      references(port.reference));
  body += card(
      fmt::format("{} / {}", t.verified, t.required),
      "components verified",
      t.verified == t.required ? "good" : "bad");
  body += card(fmt::format("{} / {}", t.ported, t.required), "ported");
  body += card(grouped(calls), "recorded calls compared");
  body += card(std::to_string(t.waived), "waived, with reasons");
  body += card(std::to_string(deviating), "declared deviations");
  body += card(
      std::to_string(section.wrong.size()),
      "to be mended",
      section.wrong.empty() ? "good" : "bad");
  body += "</div>\n";
  if (!section.wrong.empty()) {
    body += "<ul id=\"wrong\">\n";
    for (const std::string& line : section.wrong) {
      body += fmt::format(
          "<li><span class=\"badge bad\">mend</span> {}</li>\n",
          html(line));
    }
    body += "</ul>\n";
  }
  std::vector<Part> parts;
  parts.push_back({"table", "Components", component_table(section, port)});
  parts.push_back(
      {"errors",
       "Error by depth",
       "<p class=\"soft\">Each component on its own, on the reference's "
       "inputs, "
       "in the order in which a run completes them.</p>\n<div "
       "class=\"panel\">" +
           error_plot(figures) + "</div>\n"});
  parts.push_back({"begins", "Where drift begins", drift_text(figures)});
  parts.push_back(
      {"metrics",
       "Component by metric",
       "<p class=\"soft\">The part of the tolerance that is used.</p>\n<div "
       "class=\"panel scroll\">" +
           heat_map(figures) + "</div>\n"});
  parts.push_back({"sources", "Side by side", sources(section, port, work)});
  parts.push_back(
      {"records",
       "Rounds and readings",
       record_tables(port.project.folder(port.reference.model))});
  parts.push_back({"evidence", "Evidence", evidence_table(port)});
  parts.push_back({"deviations", "Deviations", deviations(port)});
  parts.push_back({"costs", "Costs", cost_rows(port)});
  parts.push_back({"audit", "Audit", audit_table(port)});
  parts.push_back({"waivers", "Waivers", waivers(section)});
  if (map.contains("references")) {
    const std::string key = port.reference.deciding().key;
    if (map.at("references").contains(key)) {
      parts.push_back(
          {"map",
           "Map",
           "<details><summary>Calls and data flow of the deciding "
           "reference</summary><div style=\"overflow-x:auto\">" +
               map_svg({map}, key, 9, false) + "</div></details>\n"});
    }
  }
  std::string nav;
  for (const Part& part : parts) {
    nav += fmt::format("<a href=\"#{}\">{}</a>", part.id, part.title);
    body += fmt::format(
        "<section id=\"{}\"><h2>{}</h2>\n{}</section>\n",
        part.id,
        part.title,
        part.body);
  }
  return html_page(
      port.reference.title + ": port report",
      fmt::format(
          "<a class=\"skip\" href=\"#main\">To the content</a>\n<header "
          "class=\"top\"><strong>{}</strong><nav "
          "aria-label=\"Sections\">{}</nav><div class=\"right\"><button "
          "id=\"theme\" type=\"button\">Dark</button></div></header>\n<main "
          "id=\"main\">\n{}<p class=\"keys\"><kbd>/</kbd> search "
          "\u00b7 <kbd>j</kbd> <kbd>k</kbd> next and previous row \u00b7 "
          "<kbd>Enter</kbd> its source \u00b7 <kbd>t</kbd> colours</p>\n"
          "</main>",
          html(port.reference.title),
          nav,
          body));
}

} // namespace portproof
