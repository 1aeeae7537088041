// SPDX-License-Identifier: MIT
#include "portproof/mutants.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/sha256.h"
#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::Json;

/// `npos` if the code is no longer there.
std::size_t find_place(const Mutant& mutant, const std::string& text) {
  // The line nearest to where it was that reads the same.
  std::size_t best = std::string::npos;
  int distance = 0;
  int line = 1;
  for (std::size_t begin = 0; begin <= text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::size_t at = begin + static_cast<std::size_t>(mutant.column);
    if (text.compare(begin, end - begin, mutant.code) == 0 &&
        text.compare(at, mutant.before.size(), mutant.before) == 0) {
      const int away = std::abs(line - mutant.line);
      if (best == std::string::npos || away < distance) {
        best = at;
        distance = away;
      }
    }
    begin = end + 1;
  }
  return best;
}

std::string plain_name(const std::string& name) {
  const std::size_t at = name.rfind(':');
  return at == std::string::npos ? name : name.substr(at + 1);
}

bool is_code(const Definition& d) {
  return d.kind == "function" || d.kind == "method";
}

bool within(const Definition& d, const std::string& file, int line) {
  return d.file == file && d.line <= line && line <= d.end_line;
}

/// The innermost definition around a line that is a function or a class.
const Definition* innermost(
    const std::vector<Definition>& all, const std::string& file, int line) {
  const Definition* best = nullptr;
  for (const Definition& d : all) {
    const bool scope = is_code(d) || d.kind == "class" || d.kind == "enum" ||
                       (d.kind == "variable" && best == nullptr);
    if (scope && within(d, file, line) &&
        (best == nullptr || d.line >= best->line)) {
      best = &d;
    }
  }
  return best;
}

bool in_function(
    const std::vector<Definition>& all, const std::string& file, int line) {
  return std::any_of(all.begin(), all.end(), [&](const Definition& d) {
    return is_code(d) && within(d, file, line);
  });
}

/// The words of a region's code.
std::set<std::string> words_of(const Port& port, const CodeRange& region) {
  std::set<std::string> out;
  const SourceFile* file = port.sources.find(region.file);
  if (file == nullptr) {
    return out;
  }
  for (const Token& t : lex(file->text)) {
    if (t.kind == Token::Kind::word && region.line <= t.line &&
        t.line <= region.end_line) {
      out.emplace(t.text);
    }
  }
  return out;
}

/// Whether a definition is part of another's: a member, or in its body.
bool belongs(const Definition& inner, const Definition& outer) {
  return inner.name == outer.name || inner.name.starts_with(outer.name + "::");
}

/// Regions in the order of the text; one within another is left out.
std::vector<CodeRange> merged(std::vector<CodeRange> regions) {
  std::sort(regions.begin(), regions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.file, a.line, b.end_line) <
           std::tie(b.file, b.line, a.end_line);
  });
  std::vector<CodeRange> out;
  for (CodeRange& r : regions) {
    if (!out.empty() && out.back().file == r.file &&
        r.line <= out.back().end_line) {
      out.back().end_line = std::max(out.back().end_line, r.end_line);
    } else {
      out.push_back(std::move(r));
    }
  }
  return out;
}

std::string code_line(const std::string& text, int number) {
  std::size_t begin = 0;
  for (int i = 1; i < number; ++i) {
    begin = text.find('\n', begin) + 1;
  }
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::size_t line_begin(const std::string& text, std::size_t offset) {
  const std::size_t at =
      offset == 0 ? std::string::npos : text.rfind('\n', offset - 1);
  return at == std::string::npos ? 0 : at + 1;
}

/// Of what is changed and how, so that the same defect has the same name in
/// another checkout and after its lines moved.
std::string id_of(const Mutant& m, int nth) {
  const std::string text = fmt::format(
      "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
      m.component,
      m.symbol,
      m.file,
      m.code,
      m.column,
      m.before,
      m.after,
      nth);
  return m.op + "-" + mlxaudio::sha256(text).substr(0, 8);
}

/// Names of functions out of the table `[port]`.
std::vector<std::string> functions_of(const Port& port, const char* key) {
  return port.reference.toml.at("port").value(key, std::vector<std::string>());
}

/// Gives ids; mutants that do the same at the same place count once.
std::vector<Mutant> named(std::vector<Mutant> mutants) {
  std::vector<Mutant> out;
  std::set<std::string> done;
  std::map<std::string, int> alike;
  for (Mutant& m : mutants) {
    const std::string what = fmt::format(
        "{}:{}:{}\n{}\n{}",
        m.file,
        m.line,
        m.column,
        m.before,
        m.after);
    if (!done.insert(what).second) {
      continue;
    }
    const std::string id = id_of(m, 0);
    m.id = id_of(m, alike[id]++);
    out.push_back(std::move(m));
  }
  return out;
}

} // namespace

Json Mutant::json() const {
  Json j = {
      {"id", id},
      {"op", op},
      {"component", component},
      {"symbol", symbol}};
  if (!of_weights()) {
    j["file"] = file;
    j["line"] = line;
    j["column"] = column;
    j["code"] = code;
    j["before"] = before;
    j["after"] = after;
  }
  return j;
}

Mutant Mutant::of(const Json& j) {
  Mutant m;
  m.id = j.at("id");
  m.op = j.at("op");
  m.component = j.at("component");
  m.symbol = j.at("symbol");
  m.file = j.value("file", "");
  if (!m.of_weights()) {
    m.line = j.at("line");
    m.column = j.at("column");
    m.code = j.at("code");
    m.before = j.at("before");
    m.after = j.at("after");
  }
  return m;
}

std::vector<CodeRange> own_code(const Port& port, const Component& component) {
  const std::vector<Definition>& all = port.definitions.all;
  std::vector<CodeRange> regions;
  std::set<std::string> files;
  const auto take = [&](const Definition& d) {
    regions.push_back({d.file, d.line, d.end_line});
    files.insert(d.file);
  };
  for (const Definition* tagged : port.definitions_of(component)) {
    take(*tagged);
    for (const Definition& d : all) {
      const bool other_tag = std::any_of(
          port.definitions.tagged.begin(),
          port.definitions.tagged.end(),
          [&](const Definition& t) {
            return t.problem.empty() && t.name != tagged->name &&
                   belongs(t, *tagged) && belongs(d, t) &&
                   port.inventory.owner(t.tag) != &component;
          });
      if (is_code(d) && belongs(d, *tagged) && !other_tag) {
        take(d);
      }
    }
  }
  // Helpers of the same files that no tag names, as far as these reach.
  std::set<std::string> taken;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const std::set<std::string> words = words_of(port, regions[i]);
    for (const Definition& d : all) {
      const bool helper = is_code(d) || (d.kind == "variable" &&
                                         !in_function(all, d.file, d.line));
      const bool tagged = std::any_of(
          port.definitions.tagged.begin(),
          port.definitions.tagged.end(),
          [&](const Definition& t) {
            return t.problem.empty() && belongs(d, t);
          });
      if (helper && !tagged && files.contains(d.file) &&
          words.contains(plain_name(d.name)) &&
          taken.insert(fmt::format("{}:{}", d.file, d.line)).second) {
        regions.push_back({d.file, d.line, d.end_line});
      }
    }
  }
  return merged(std::move(regions));
}

std::vector<Mutant> changes_by(
    std::span<const Operator> operators,
    const Port& port,
    const Component& component) {
  const std::vector<Definition>& all = port.definitions.all;
  std::vector<Mutant> out;
  for (const CodeRange& region : own_code(port, component)) {
    const SourceFile* file = port.sources.find(region.file);
    if (file == nullptr) {
      continue;
    }
    const CodePieces code(
        file->text,
        functions_of(port, "checks"),
        functions_of(port, "watches"));
    for (std::size_t i = 0; i < code.pieces().size(); ++i) {
      const Piece& p = code.at(i);
      if (p.line < region.line || p.line > region.end_line || p.directive ||
          code.refusing(i)) {
        continue;
      }
      const Definition* around = innermost(all, region.file, p.line);
      const std::string symbol = around == nullptr ? "" : around->name;
      const Place place{code, i, symbol, in_function(all, region.file, p.line)};
      for (const Operator& op : operators) {
        for (const Change& change : op.changes(place)) {
          Mutant m;
          m.op = op.name;
          m.component = component.name;
          m.symbol = symbol;
          m.file = region.file;
          m.before = file->text.substr(change.offset, change.length);
          m.after = change.after;
          m.line = 1 + static_cast<int>(std::count(
                           file->text.begin(),
                           file->text.begin() +
                               static_cast<std::ptrdiff_t>(change.offset),
                           '\n'));
          m.column = static_cast<int>(
              change.offset - line_begin(file->text, change.offset));
          m.code = code_line(file->text, m.line);
          out.push_back(std::move(m));
        }
      }
    }
  }
  return named(std::move(out));
}

std::vector<Mutant> source_mutants(
    const Port& port, const Component& component) {
  return changes_by(source_operators(), port, component);
}

std::size_t place_of(const Mutant& mutant, const std::string& text) {
  const std::size_t place = find_place(mutant, text);
  if (place == std::string::npos) {
    throw mlxaudio::ConfigError(fmt::format(
        "[portproof] the code that mutant {} changes is no longer in {}: draw "
        "another with `portproof mutate MODEL draw`",
        mutant.id,
        mutant.file));
  }
  return place;
}

bool has_place(const Mutant& mutant, const Port& port) {
  if (mutant.of_weights()) {
    return true;
  }
  const SourceFile* file = port.sources.find(mutant.file);
  return file != nullptr && find_place(mutant, file->text) != std::string::npos;
}

std::string planted(const Mutant& mutant, const std::string& text) {
  std::string out = text;
  return out.replace(
      place_of(mutant, text),
      mutant.before.size(),
      mutant.after);
}

} // namespace portproof
