// SPDX-License-Identifier: MIT
#include "portproof/review_html.h"

#include <fmt/format.h>

#include "portproof/html.h"

namespace portproof {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>)";

constexpr const char* kStyle = R"(</title>
<style>
:root { color-scheme: light dark; --line: #8885; --soft: #8882; --mark: #06c; }
@media (prefers-color-scheme: dark) { :root { --mark: #6bf; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; }
h1 { font-size: 1.3rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0; padding: .4rem .6rem; background: var(--soft);
     overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem;
         align-items: start; margin-top: 1rem; }
@media (max-width: 70rem) { .sides { grid-template-columns: 1fr; } }
section { border: 1px solid var(--line); border-radius: 6px; overflow: hidden;
          margin-bottom: 1rem; }
table { border-collapse: collapse; width: 100%; }
td { font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap;
     overflow-wrap: anywhere; vertical-align: top; padding: 0 .5rem; }
td.n, td.s { width: 1%; text-align: right; white-space: nowrap;
             user-select: none; opacity: .6; }
td.s { color: var(--mark); font-weight: 600; opacity: 1; }
tr.first td { border-top: 1px solid var(--line); }
tr:target td, tr:hover td { background: var(--soft); }
ul { margin: .3rem 0; padding-left: 1.2rem; }
</style>
</head>
<body>
)";

std::string reference_side(const Page& page) {
  const ReferenceSource& r = page.reference;
  std::string out = fmt::format(
      "<section><h2>{}, {}</h2><table>\n",
      html(r.package),
      html(r.file));
  std::size_t next = 0;
  const auto row = [&](int line) {
    const bool first =
        next < r.statements.size() && r.statements[next].line == line;
    const auto i = static_cast<std::size_t>(line) - 1;
    out += fmt::format(
        "<tr{}><td class=\"s\">{}</td><td "
        "class=\"n\">{}</td><td>{}</td></tr>\n",
        first ? fmt::format(" class=\"first\" id=\"s{}\"", next + 1) : "",
        first ? fmt::format("{}", next + 1) : "",
        line,
        html(i < r.lines.size() ? r.lines[i] : ""));
    next += first ? 1 : 0;
  };
  if (page.kind == "constants") {
    for (const Statement& s : r.statements) {
      for (int line = s.line; line <= s.end_line; ++line) {
        row(line);
      }
    }
  } else {
    for (int line = r.line; line <= r.end_line; ++line) {
      row(line);
    }
  }
  return out + "</table></section>\n";
}

std::string port_side(const Page& page) {
  std::string out;
  for (const PagePart& part : page.parts) {
    out += fmt::format(
        "<section><h2>{}: {}</h2><table>\n",
        html(part.place.file),
        html(part.place.name));
    int line = part.place.line;
    for (const std::string& text : part.lines) {
      out += fmt::format(
          "<tr><td class=\"n\">{}</td><td>{}</td></tr>\n",
          line++,
          html(text));
    }
    out += "</table></section>\n";
  }
  return out;
}

} // namespace

std::string page_html(const Page& page) {
  std::string out = kHead + html(page.component) + kStyle;
  out += fmt::format(
      "<h1>{}</h1>\n<p>{} of {}, round {}. {} statements.</p>\n<ul>\n",
      html(page.component),
      html(page.kind),
      html(page.reference.package),
      page.round,
      page.reference.statements.size());
  for (const std::string& note : page.notes) {
    out += "<li>" + html(note) + "</li>\n";
  }
  for (const Deviation& d : page.deviations) {
    out += fmt::format(
        "<li>deviation <b>{}</b>: {}</li>\n",
        html(d.id),
        html(d.why));
  }
  if (!page.elsewhere.empty()) {
    out += "<li>deviations in other code that it rests on:";
    for (const Deviation& d : page.elsewhere) {
      out += fmt::format(
          "\n<details><summary>{} ({})</summary>{}</details>",
          html(d.id),
          html(d.file),
          html(d.why));
    }
    out += "</li>\n";
  }
  if (!page.experiment.empty()) {
    out += fmt::format(
        "<li>An experiment with its command and figure is asked for: "
        "{}.</li>\n",
        html(page.experiment));
  }
  out += "</ul>\n<div class=\"sides\">\n<div>\n" + reference_side(page) +
         "</div>\n<div>\n" + port_side(page) +
         "</div>\n</div>\n</body>\n</html>\n";
  return out;
}

std::string bundle_index_html(
    const Page& page,
    const std::vector<std::pair<std::string, std::string>>& links) {
  const std::string title =
      fmt::format("{}, round {}: pages to read", page.model, page.round);
  std::string out = kHead + html(title) + kStyle;
  out += fmt::format(
      "<h1>{}</h1>\n"
      "<p>Read each page: the reference's source on one side, its statements "
      "numbered, and the port's on the other. Write what you find into the "
      "file of the same number that ends with <code>.toml</code>: for each "
      "statement the lines of the port that do its work, or why none need to; "
      "at least one question that you asked yourself, with its answer; an "
      "experiment where the page asks for one; your verdict. Some pages show "
      "the port with a defect that is not in it. Leave the verdict empty where "
      "you do not know.</p>\n<ol>\n",
      html(title));
  for (const auto& [file, component] : links) {
    out += fmt::format(
        "<li><a href=\"{}\">{}</a></li>\n",
        html(file),
        html(component));
  }
  return out + "</ol>\n</body>\n</html>\n";
}

} // namespace portproof
