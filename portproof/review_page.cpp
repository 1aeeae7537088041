// SPDX-License-Identifier: MIT
#include "portproof/review_page.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/costs.h"
#include "portproof/statements.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

/// Most lines that may be named for one statement: more would name them all.
constexpr int kMostLinesOfStatement = 40;

bool has_numbers(const Json& value) {
  if (value.is_object() &&
      (value.contains("$array") || value.contains("$digest") ||
       value.contains("$near"))) {
    return true;
  }
  if (value.is_object() || value.is_array()) {
    return std::any_of(value.begin(), value.end(), has_numbers);
  }
  return false;
}

/// Whether nothing that it computes has a tolerance.
bool is_discrete(const Port& port, const Component& component) {
  if (component.kind == "table" || component.kind == "constants") {
    return true;
  }
  const std::optional<Golden> golden = port.golden(component);
  return golden &&
         std::none_of(
             golden->calls.begin(),
             golden->calls.end(),
             [](const Call& call) { return has_numbers(call.result); });
}

/// True for a share of 1 in `share` of all texts.
bool drawn(const std::string& text, unsigned share) {
  const std::string hash = mlxaudio::sha256(text);
  unsigned value = 0;
  std::from_chars(hash.data(), hash.data() + 6, value, 16);
  return value % share == 0;
}

/// The page's lines of the reference: (statement or 0, line).
std::vector<std::pair<int, int>> reference_lines(const Page& page) {
  const ReferenceSource& r = page.reference;
  std::vector<std::pair<int, int>> out;
  const auto add = [&](int line) {
    int number = 0;
    for (std::size_t i = 0; i < r.statements.size(); ++i) {
      if (r.statements[i].line == line) {
        number = static_cast<int>(i) + 1;
      }
    }
    out.emplace_back(number, line);
  };
  if (page.kind == "constants") {
    for (const Statement& s : r.statements) {
      for (int line = s.line; line <= s.end_line; ++line) {
        add(line);
      }
    }
    return out;
  }
  for (int line = r.line; line <= r.end_line; ++line) {
    add(line);
  }
  return out;
}

std::string line_of(const ReferenceSource& reference, int line) {
  const auto i = static_cast<std::size_t>(line) - 1;
  return i < reference.lines.size() ? reference.lines[i] : std::string();
}

/// Cuts a line into pieces that fit, by bytes that begin a character.
std::vector<std::string> wrapped(const std::string& line, std::size_t width) {
  std::vector<std::string> out;
  std::string piece;
  std::size_t length = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xc0U) != 0x80U;
    if (begins && length == width) {
      out.push_back(piece);
      piece.clear();
      length = 0;
    }
    piece += line[i] == '\t' ? ' ' : line[i];
    length += begins ? 1 : 0;
  }
  out.push_back(piece);
  return out;
}

std::string padded(const std::string& text, std::size_t width) {
  std::size_t length = 0;
  for (const char c : text) {
    length += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
  }
  return length < width ? text + std::string(width - length, ' ') : text;
}

/// Deviations that a reading may cite: those of the component and of the code
/// that is shown, and the others of files that it rests on.
void add_deviations(const Port& port, const Component& component, Page& page) {
  page.deviations = port.deviations(component);
  std::set<std::string> seen;
  for (const Deviation& d : page.deviations) {
    seen.insert(d.id);
  }
  std::set<std::string> files = port.closure(component);
  for (const PagePart& part : page.parts) {
    files.insert(part.place.file);
  }
  for (const bool shown : {true, false}) {
    for (const std::string& path : files) {
      const SourceFile* file = port.sources.find(path);
      for (const Note& note :
           file == nullptr ? std::vector<Note>() : file->notes) {
        const bool here = std::any_of(
            page.parts.begin(),
            page.parts.end(),
            [&](const PagePart& p) { return p.place.holds(path, note.line); });
        if (note.kind == Note::Kind::deviation && (here || !shown) &&
            seen.insert(note.name).second) {
          (shown ? page.deviations : page.elsewhere)
              .push_back({note.name, note.text, path});
        }
      }
    }
  }
}

std::string toml_text(const std::string& text) {
  return Json(text).dump();
}

} // namespace

std::string experiment_asked(
    const Port& port,
    const Component& component,
    const std::string& fingerprint,
    int round) {
  const ReviewRules rules = ReviewRules::of(port.reference);
  if (any_matches(rules.stochastic, component.name)) {
    return "it is stochastic";
  }
  if (any_matches(rules.discrete, component.name) ||
      is_discrete(port, component)) {
    return "it is discrete";
  }
  return drawn(fmt::format("{} {}", round, fingerprint), 4) ? "it was drawn"
                                                            : "";
}

Page review_page(
    const Port& port, const Component& component, const Workplace& work) {
  Page page;
  page.model = port.reference.model;
  page.component = component.name;
  page.kind = component.kind;
  page.round = std::max(1, port.rounds.current().number);
  page.reference =
      reference_source(port.reference, port.inventory, component, work);
  for (const PortPart& part : port_parts(port, component)) {
    page.parts.push_back({part, split_lines(part_text(port.sources, part))});
  }
  if (page.parts.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] {}: no definition carries its tag, so there is nothing "
        "to read",
        component.name));
  }
  page.fingerprint = reading_fingerprint(port, component);
  add_deviations(port, component, page);
  const Port::Standing standing = port.standing(component);
  page.notes.push_back(
      standing.holds
          ? "verified: " + figures_text(standing.evidence->line)
          : "not verified" +
                (standing.why.empty() ? std::string() : ": " + standing.why));
  if (const Costs costs(port);
      const CostRow* row = costs.find(component.name)) {
    page.notes.push_back("cost: " + cost_text(*row));
  }
  page.experiment =
      experiment_asked(port, component, page.fingerprint, page.round);
  return page;
}

const Component* next_unread(const Port& port) {
  const int round = std::max(1, port.rounds.current().number);
  for (const Component& c : port.inventory.components) {
    const Rule* stage = port.reference.stage(c.name);
    if (port.reference.waiver(c.name) == nullptr && stage != nullptr &&
        stage->required && port.tagged(c) && !port.signing(c, round).holds) {
      return &c;
    }
  }
  return nullptr;
}

std::string page_text(const Page& page, std::size_t width) {
  const std::size_t half = std::max<std::size_t>(40, (width - 3) / 2);
  std::vector<std::string> left;
  std::vector<std::string> right;
  const auto put = [&](std::vector<std::string>& into,
                       const std::string& margin,
                       const std::string& text) {
    bool first = true;
    for (const std::string& piece : wrapped(text, half - margin.size())) {
      into.push_back(
          (first ? margin : std::string(margin.size(), ' ')) + piece);
      first = false;
    }
  };
  put(left, "", page.reference.package + ", " + page.reference.file);
  for (const auto& [number, line] : reference_lines(page)) {
    put(left,
        number > 0 ? fmt::format("{:>4}) {:>4}  ", number, line)
                   : fmt::format("      {:>4}  ", line),
        line_of(page.reference, line));
  }
  for (const PagePart& part : page.parts) {
    if (!right.empty()) {
      right.emplace_back();
    }
    put(right, "", fmt::format("{}: {}", part.place.file, part.place.name));
    int line = part.place.line;
    for (const std::string& text : part.lines) {
      put(right, fmt::format("{:>4}  ", line++), text);
    }
  }
  std::string out =
      fmt::format("{} ({}), round {}\n", page.component, page.kind, page.round);
  for (const std::string& note : page.notes) {
    out += note + '\n';
  }
  for (const Deviation& d : page.deviations) {
    out += fmt::format("deviation {}: {}\n", d.id, d.why);
  }
  for (const Deviation& d : page.elsewhere) {
    out += fmt::format("deviation {} of {}\n", d.id, d.file);
  }
  if (!page.experiment.empty()) {
    out += fmt::format(
        "an experiment with its command and figure is asked for: {}\n",
        page.experiment);
  }
  out += '\n';
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string l = i < left.size() ? left[i] : "";
    const std::string r = i < right.size() ? right[i] : "";
    std::string row = padded(l, half) + " | " + r;
    row.erase(row.find_last_not_of(' ') + 1);
    out += row + '\n';
  }
  return out;
}

Json page_json(const Page& page) {
  Json out = {
      {"model", page.model},
      {"component", page.component},
      {"kind", page.kind},
      {"round", page.round},
      {"reference",
       {{"package", page.reference.package},
        {"file", page.reference.file},
        {"statements", Json::array()}}},
      {"port", Json::array()},
      {"notes", page.notes},
      {"deviations", Json::array()},
      {"deviations_elsewhere", Json::array()},
      {"experiment", page.experiment}};
  if (page.id.empty()) {
    out["fingerprint"] = page.fingerprint;
  } else {
    out["page"] = page.id;
  }
  int number = 0;
  for (const Statement& s : page.reference.statements) {
    out["reference"]["statements"].push_back(
        {{"n", ++number},
         {"line", s.line},
         {"end_line", s.end_line},
         {"text", s.text}});
  }
  for (const PagePart& part : page.parts) {
    out["port"].push_back(
        {{"name", part.place.name},
         {"file", part.place.file},
         {"line", part.place.line},
         {"lines", part.lines}});
  }
  for (const Deviation& d : page.deviations) {
    out["deviations"].push_back({{"id", d.id}, {"why", d.why}});
  }
  for (const Deviation& d : page.elsewhere) {
    out["deviations_elsewhere"].push_back(
        {{"id", d.id}, {"why", d.why}, {"file", d.file}});
  }
  return out;
}

std::string reading_template(const Page& page) {
  std::string out = fmt::format(
      "# A reading of {}, round {}.\n"
      "# For each statement of the reference give one of\n"
      "#   port = [\"file:line\", \"file:first-last\"]   the lines that do its "
      "work\n"
      "#   deviation = \"id\"                            an intended "
      "difference\n"
      "#   not_applicable = \"why\"                      nothing needs to\n\n"
      "component = {}\n",
      page.component,
      page.round,
      toml_text(page.component));
  out += page.id.empty()
             ? fmt::format("fingerprint = {}\n", toml_text(page.fingerprint))
             : fmt::format("page = {}\n", toml_text(page.id));
  out +=
      "verdict = \"\"   # \"right\", or \"wrong\" with a [[finding]] that says "
      "where\n\n"
      "[[question]]      # at least one that you asked yourself\n"
      "asked = \"\"\nanswer = \"\"\n\n";
  if (!page.experiment.empty()) {
    out += fmt::format(
        "[[experiment]]    # asked for: {}\ncommand = \"\"\nfigure = "
        "\"\"\n\n",
        page.experiment);
  }
  out +=
      "# [[finding]]\n# what = \"\"\n# at = \"file:line\"\n# minor = false   "
      "# true: does not block\n\n";
  int number = 0;
  for (const Statement& s : page.reference.statements) {
    const std::string text =
        s.text.size() > 100 ? s.text.substr(0, 97) + "..." : s.text;
    out += fmt::format(
        "[[statement]]   # line {}: {}\nn = {}\nport = []\n\n",
        s.line,
        text,
        ++number);
  }
  return out;
}

namespace {

/// Checks the lines that a reading names.
class LineCheck {
 public:
  LineCheck(const Port& port, const Component& component, const Page& page)
      : port_(port), page_(page), closure_(port.closure(component)) {}

  /// What is wrong with the place of a finding, which may be a comment that
  /// says what is not so; empty: nothing.
  std::string place_fault(const std::string& text) const {
    const std::optional<LineRange> range = line_range(text);
    if (!range) {
      return fmt::format("`{}` is neither file:line nor file:first-last", text);
    }
    const SourceFile* file = port_.sources.find(range->file);
    const bool own = std::any_of(
        page_.parts.begin(),
        page_.parts.end(),
        [&](const PagePart& p) { return p.place.file == range->file; });
    if (file == nullptr || !(own || closure_.contains(range->file))) {
      return fmt::format(
          "{} is no file that the component rests on",
          range->file);
    }
    const std::vector<std::string> lines = split_lines(file->text);
    if (static_cast<std::size_t>(range->last) > lines.size()) {
      return fmt::format("`{}`: the file has {} lines", text, lines.size());
    }
    return {};
  }

  /// What is wrong with the lines of a statement; empty: nothing.
  std::string fault(const std::string& text) const {
    if (std::string fault = place_fault(text); !fault.empty()) {
      return fault;
    }
    const std::optional<LineRange> range = line_range(text);
    const std::vector<std::string> lines =
        split_lines(port_.sources.find(range->file)->text);
    if (range->last - range->first >= kMostLinesOfStatement) {
      return fmt::format(
          "`{}`: at most {} lines for one statement; name those that do its "
          "work",
          text,
          kMostLinesOfStatement);
    }
    std::string code;
    for (int i = range->first; i <= range->last; ++i) {
      code += lines[static_cast<std::size_t>(i) - 1] + '\n';
    }
    if (code_of(range->file, code).empty()) {
      return fmt::format("`{}`: there is no code there", text);
    }
    return {};
  }

 private:
  const Port& port_;
  const Page& page_;
  std::set<std::string> closure_;
};

bool may_cite(const Page& page, const std::string& id) {
  const auto is = [&](const Deviation& d) { return d.id == id; };
  return std::any_of(page.deviations.begin(), page.deviations.end(), is) ||
         std::any_of(page.elsewhere.begin(), page.elsewhere.end(), is);
}

bool blank(const std::string& text) {
  return text.find_first_not_of(" \t") == std::string::npos;
}

void statement_faults(
    const LineCheck& check,
    const Page& page,
    const Reading& reading,
    std::vector<std::string>& out) {
  const auto count = static_cast<int>(page.reference.statements.size());
  std::set<int> answered;
  for (const StatementReading& s : reading.statements) {
    if (s.number < 1 || s.number > count) {
      out.push_back(
          fmt::format("statement {}: the reference has {}", s.number, count));
      continue;
    }
    if (!answered.insert(s.number).second) {
      out.push_back(fmt::format("statement {} is there twice", s.number));
    }
    const int given = (s.port.empty() ? 0 : 1) + (blank(s.deviation) ? 0 : 1) +
                      (blank(s.not_applicable) ? 0 : 1);
    if (given != 1) {
      out.push_back(fmt::format(
          "statement {} (line {}) has {} of `port`, `deviation` and "
          "`not_applicable`",
          s.number,
          page.reference.statements[static_cast<std::size_t>(s.number) - 1]
              .line,
          given == 0 ? "none" : "more than one"));
    }
    for (const std::string& lines : s.port) {
      if (const std::string fault = check.fault(lines); !fault.empty()) {
        out.push_back(fmt::format("statement {}: {}", s.number, fault));
      }
    }
    if (!blank(s.deviation) && !may_cite(page, s.deviation)) {
      out.push_back(fmt::format(
          "statement {}: no comment in a file that the component rests on "
          "declares the deviation {}",
          s.number,
          s.deviation));
    }
  }
  for (int n = 1; n <= count; ++n) {
    if (!answered.contains(n)) {
      out.push_back(fmt::format(
          "statement {} (line {}) is left out",
          n,
          page.reference.statements[static_cast<std::size_t>(n) - 1].line));
    }
  }
}

} // namespace

std::vector<std::string> reading_faults(
    const Port& port,
    const Component& component,
    const Page& page,
    const Reading& reading) {
  std::vector<std::string> out;
  const LineCheck check(port, component, page);
  for (const Finding& f : reading.findings) {
    if (const std::string fault = f.at.empty() ? "" : check.place_fault(f.at);
        !fault.empty()) {
      out.push_back("a finding: " + fault);
    }
  }
  if (!reading.right) {
    // What is wrong needs a place and a reason, not a whole reading.
    if (std::none_of(
            reading.findings.begin(),
            reading.findings.end(),
            [](const Finding& f) { return !f.at.empty(); })) {
      out.emplace_back(
          "the verdict is \"wrong\", and no [[finding]] says where (`at`)");
    }
    return out;
  }
  statement_faults(check, page, reading, out);
  if (std::any_of(
          reading.findings.begin(),
          reading.findings.end(),
          [](const Finding& f) { return !f.minor; })) {
    out.emplace_back(
        "the verdict is \"right\", but a [[finding]] is not minor");
  }
  if (std::none_of(
          reading.questions.begin(),
          reading.questions.end(),
          [](const Reading::Question& q) {
            return !blank(q.asked) && !blank(q.answer);
          })) {
    out.emplace_back("no [[question]] was asked and answered");
  }
  if (!page.experiment.empty() && std::none_of(
                                      reading.experiments.begin(),
                                      reading.experiments.end(),
                                      [](const Reading::Experiment& e) {
                                        return !blank(e.command) &&
                                               !blank(e.figure);
                                      })) {
    out.push_back(fmt::format(
        "an [[experiment]] with its command and figure is asked for: {}",
        page.experiment));
  }
  return out;
}

} // namespace portproof
