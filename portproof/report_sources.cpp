// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/html.h"
#include "portproof/reference_source.h"
#include "portproof/report.h"
#include "portproof/text.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::Json;

constexpr int kMostLines = 600; // of one component and side

std::string numbered(
    const std::vector<std::string>& lines, int first, int last) {
  std::string out = "<pre class=\"source\">";
  last = std::min({last, static_cast<int>(lines.size()), first + kMostLines});
  for (int n = std::max(first, 1); n <= last; ++n) {
    out += fmt::format(
        "<i>{}</i>{}\n",
        n,
        html(lines[static_cast<std::size_t>(n - 1)]));
  }
  return out + "</pre>\n";
}

/// A stretch of the port's source.
struct Stretch {
  std::string file;
  int first = 0, last = 0;
  auto operator<=>(const Stretch&) const = default;
};

/// Where the comment above a definition begins.
int with_comment(const std::vector<std::string>& lines, int line) {
  const auto is_comment = [&](int n) {
    const std::string& text = lines[static_cast<std::size_t>(n - 1)];
    const std::size_t at = text.find_first_not_of(' ');
    return at != std::string::npos && text.compare(at, 2, "//") == 0;
  };
  line = std::min(line, static_cast<int>(lines.size()) + 1);
  while (line > 1 && is_comment(line - 1)) {
    --line;
  }
  return line;
}

std::vector<Stretch> port_stretches(const Port& port, const Component& c) {
  std::set<Stretch> found;
  for (const Definition* d : port.definitions_of(c)) {
    found.insert({d->file, d->line, d->end_line});
    for (const Definition& inner : port.definitions.all) {
      if (inner.name.starts_with(d->name + "::") && !inner.file.empty()) {
        found.insert({inner.file, inner.line, inner.end_line});
      }
    }
  }
  // What lies inside another stretch is shown with it.
  std::vector<Stretch> out;
  for (const Stretch& s : found) {
    const bool inside =
        std::any_of(found.begin(), found.end(), [&](const Stretch& other) {
          return other != s && other.file == s.file && other.first <= s.first &&
                 s.last <= other.last;
        });
    if (!inside) {
      out.push_back(s);
    }
  }
  return out;
}

std::string port_side(const Port& port, const Component& c) {
  std::string out;
  for (const Stretch& s : port_stretches(port, c)) {
    const SourceFile* file = port.sources.find(s.file);
    if (file == nullptr) {
      continue;
    }
    const std::vector<std::string> lines = split_lines(file->text);
    out += fmt::format(
        "<h4>{}:{}</h4>{}",
        html(s.file),
        s.first,
        numbered(lines, with_comment(lines, s.first), s.last));
  }
  return out.empty() ? "<h4>Port</h4><p class=\"soft\">No definition carries "
                       "its tag.</p>"
                     : out;
}

std::string reference_side(
    const Port& port,
    const Package& package,
    const Json& row,
    const Workplace& work) {
  const std::string file = row.value("file", "");
  const std::string head = fmt::format(
      "<h4>{}: {}:{}</h4>",
      html(row.value("name", "")),
      html(file),
      row.value("line", 0));
  const auto say = [&](const std::string& what) {
    return head + fmt::format("<p class=\"soft\">{}</p>", html(what));
  };
  const fs::path path = work.folder / "src" / package.key / package.root / file;
  if (!work.fetched()) {
    return say(fmt::format(
        "The reference is not here: `portproof fetch {}` gets it.",
        port.reference.model));
  }
  if (!fs::exists(path)) {
    return say("Its source belongs to the environment, not to the archive.");
  }
  const auto references = port.inventory.references.find(package.key);
  const Json files = references == port.inventory.references.end()
                         ? Json::object()
                         : references->value("files", Json::object());
  const std::string text =
      mlxaudio::read_file(path, mlxaudio::ErrorCode::config);
  if (files.value(file, "") != mlxaudio::sha256(text)) {
    return say(fmt::format(
        "{} is not the file that the inventory was made from: run `portproof "
        "fetch {}` again.",
        path.string(),
        port.reference.model));
  }
  return head + numbered(
                    split_lines(text),
                    row.value("line", 1),
                    row.value("end_line", row.value("line", 1)));
}

} // namespace

std::string side_by_side(
    const Port& port, const Component& c, const Workplace& work) {
  const Package& own = owner(port.reference, c);
  std::string reference = reference_side(port, own, c.row, work);
  for (const Json& other : c.row.value("counterparts", Json::array())) {
    for (const Package& p : port.reference.packages) {
      if (p.key != own.key && !p.compare_only) {
        reference += reference_side(port, p, other, work);
      }
    }
  }
  return fmt::format(
      "<div class=\"pair\"><div>{}</div><div>{}</div></div>\n",
      reference,
      port_side(port, c));
}

namespace {

/// Keys that are for programs.
bool is_for_programs(const std::string& key) {
  return key == "sha256" || key == "fingerprint" || key == "sources";
}

std::string cell(const Json& value) {
  if (value.is_boolean()) {
    return fmt::format(
        "<span class=\"badge {}\">{}</span>",
        value.get<bool>() ? "good" : "bad",
        value.get<bool>() ? "yes" : "no");
  }
  if (value.is_null()) {
    return {};
  }
  return html(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string record_table(const fs::path& path) {
  std::vector<Json> lines;
  std::vector<std::string> keys;
  int damaged = 0;
  for (const std::string& text :
       split_lines(mlxaudio::read_file(path, mlxaudio::ErrorCode::config))) {
    if (text.empty()) {
      continue;
    }
    const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object()) {
      ++damaged;
      continue;
    }
    for (const auto& [key, value] : line.items()) {
      if (!is_for_programs(key) &&
          std::find(keys.begin(), keys.end(), key) == keys.end()) {
        keys.push_back(key);
      }
    }
    lines.push_back(line);
  }
  std::string out = fmt::format(
      "<h3>{}</h3>\n<div class=\"panel\"><table "
      "class=\"records\"><thead><tr>",
      html(path.filename().string()));
  for (const std::string& key : keys) {
    out += fmt::format("<th data-sort>{}</th>", html(key));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const Json& line : lines) {
    out += "<tr>";
    for (const std::string& key : keys) {
      const auto it = line.find(key);
      out += fmt::format("<td>{}</td>", it == line.end() ? "" : cell(*it));
    }
    out += "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (damaged > 0) {
    out += fmt::format(
        "<p><span class=\"badge bad\">{} lines cannot be read</span></p>\n",
        damaged);
  }
  return out;
}

} // namespace

std::string record_tables(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl" &&
        entry.path().filename() != "evidence.jsonl") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::string out;
  for (const fs::path& file : files) {
    out += record_table(file);
  }
  return out.empty() ? "<p class=\"soft\">No rounds, readings or follow-ups "
                       "were recorded.</p>\n"
                     : out;
}

} // namespace portproof
