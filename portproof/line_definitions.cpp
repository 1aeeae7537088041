// SPDX-License-Identifier: MIT
#include "portproof/line_definitions.h"

#include <algorithm>

#include <fmt/format.h>

#include "portproof/text.h"

namespace portproof {
namespace {

std::size_t indent_of(const std::string& line) {
  return line.find_first_not_of(" \t");
}

bool is_code(const std::string& line, const std::string& comment) {
  const std::size_t first = indent_of(line);
  return first != std::string::npos && line[first] != '\r' &&
         line.compare(first, comment.size(), comment) != 0;
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_';
}

std::string name_at(const std::string& line, std::size_t at) {
  const std::size_t begin = at;
  while (at < line.size() && is_name(line[at])) {
    ++at;
  }
  return line.substr(begin, at - begin);
}

/// What a line defines in languages that say `def`, `class` or `NAME =`.
struct Head {
  std::string name, kind;
};

Head head_of(const std::string& line) {
  const std::size_t first = indent_of(line);
  if (first == std::string::npos) {
    return {};
  }
  for (const auto& [word, kind] :
       {std::pair{"class ", "class"},
        std::pair{"def ", "function"},
        std::pair{"async def ", "function"}}) {
    const std::string w = word;
    if (line.compare(first, w.size(), w) == 0) {
      const std::size_t at = line.find_first_not_of(' ', first + w.size());
      return {
          at == std::string::npos ? std::string() : name_at(line, at),
          kind};
    }
  }
  const std::string name = name_at(line, first);
  const std::size_t after = line.find_first_not_of(' ', first + name.size());
  const bool assigned = !name.empty() && after != std::string::npos &&
                        (line[after] == '=' || line[after] == ':') &&
                        line.compare(after, 2, "==") != 0;
  return assigned ? Head{name, "variable"} : Head{};
}

/// The last line, from 1, of what begins at `first` and is indented deeper.
int end_of_block(
    const std::vector<std::string>& lines,
    std::size_t first,
    const std::string& comment) {
  const std::size_t depth = indent_of(lines[first]);
  std::size_t last = first;
  for (std::size_t i = first + 1; i < lines.size(); ++i) {
    if (!is_code(lines[i], comment)) {
      continue;
    }
    // Closing brackets and the `else` of a statement stand at its own depth.
    const char c = lines[i][indent_of(lines[i])];
    const bool closing = c == ')' || c == ']' || c == '}';
    if (indent_of(lines[i]) <= depth && !closing) {
      break;
    }
    last = i;
  }
  return static_cast<int>(last) + 1;
}

/// Looks for a definition of `names`, one within the other.
bool find_nested(
    const std::vector<std::string>& lines,
    const std::vector<std::string>& names,
    const std::string& comment,
    Definition& into) {
  std::size_t from = 0;
  std::size_t to = lines.size();
  bool inside = false;
  std::size_t depth = 0;
  for (const std::string& name : names) {
    std::size_t at = from;
    for (; at < to; ++at) {
      if (!is_code(lines[at], comment)) {
        continue;
      }
      const std::size_t indent = indent_of(lines[at]);
      const bool fits = inside ? indent > depth : indent == 0;
      if (fits && head_of(lines[at]).name == name) {
        break;
      }
    }
    if (at == to) {
      return false;
    }
    into.kind = head_of(lines[at]).kind;
    into.line = static_cast<int>(at) + 1;
    into.end_line = end_of_block(lines, at, comment);
    from = at + 1;
    to = static_cast<std::size_t>(into.end_line);
    depth = indent_of(lines[at]);
    inside = true;
  }
  return !names.empty();
}

/// The definition that a tag stands before.
void follow_tag(
    const std::vector<std::string>& lines,
    const Adapter& adapter,
    int next_tag,
    Definition& d) {
  auto at = static_cast<std::size_t>(d.tag_line);
  const auto stop =
      std::min(static_cast<std::size_t>(next_tag) - 1, lines.size());
  // Decorators belong to what follows; it is what has the name.
  std::size_t begin = lines.size();
  while (at < stop && (!is_code(lines[at], adapter.comment) ||
                       lines[at][indent_of(lines[at])] == '@')) {
    if (is_code(lines[at], adapter.comment)) {
      begin = std::min(begin, at);
    }
    ++at;
  }
  if (at >= stop) {
    d.problem = "sits on no definition";
    return;
  }
  const Head head = head_of(lines[at]);
  const std::string code = lines[at].substr(indent_of(lines[at]));
  d.name = head.name.empty() ? code.substr(0, 60) : head.name;
  d.kind = head.kind.empty() ? "text" : head.kind;
  d.file = d.tag_file;
  d.line = static_cast<int>(std::min(begin, at)) + 1;
  if (adapter.indented) {
    d.end_line = end_of_block(lines, at, adapter.comment);
    return;
  }
  std::size_t last = stop;
  while (last > at + 1 && !is_code(lines[last - 1], adapter.comment)) {
    --last;
  }
  d.end_line = static_cast<int>(last);
}

std::vector<std::string> parts_of(const std::string& name) {
  std::vector<std::string> out(1);
  for (const char c : name) {
    if (c == '.') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

/// The definition of `a.b.Class.method`: the longest `a/b` that is a file.
Definition of_symbol(
    const Sources& sources,
    const Adapter& adapter,
    const std::string& component,
    const std::string& symbol) {
  Definition d;
  d.tag = component;
  d.tag_file = "reference.toml";
  d.name = symbol;
  const std::vector<std::string> parts = parts_of(symbol);
  for (std::size_t cut = parts.size() - 1; cut > 0; --cut) {
    std::string path;
    for (std::size_t i = 0; i < cut; ++i) {
      path += (i == 0 ? "" : "/") + parts[i];
    }
    for (const std::string& ending : adapter.endings) {
      for (const std::string& file :
           {path + ending, path + "/__init__" + ending}) {
        const SourceFile* source = sources.find(file);
        if (source != nullptr &&
            find_nested(
                split_lines(source->text),
                {parts.begin() + static_cast<std::ptrdiff_t>(cut), parts.end()},
                adapter.comment,
                d)) {
          d.file = file;
          return d;
        }
      }
    }
  }
  d.problem = fmt::format("the port has no `{}`", symbol);
  return d;
}

} // namespace

std::vector<Note> line_notes(
    const std::string& text, const std::string& comment) {
  std::vector<Note> out;
  const std::vector<std::string> lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t at = lines[i].find(comment);
    if (at == std::string::npos) {
      continue;
    }
    const std::string said = lines[i].substr(at + comment.size());
    Note note;
    note.line = static_cast<int>(i) + 1;
    if (const std::size_t tag = said.find("\\port "); tag != said.npos) {
      const std::size_t begin = said.find_first_not_of(' ', tag + 6);
      if (begin != said.npos) {
        note.name =
            said.substr(begin, said.find_first_of(" \t\r", begin) - begin);
        out.push_back(note);
      }
    } else if (const std::size_t d = said.find("DEVIATION("); d != said.npos) {
      const std::size_t close = said.find("):", d);
      if (close != said.npos) {
        note.kind = Note::Kind::deviation;
        note.name = said.substr(d + 10, close - d - 10);
        const std::size_t why = said.find_first_not_of(' ', close + 2);
        note.text = why == said.npos ? "" : said.substr(why);
        out.push_back(note);
      }
    }
  }
  return out;
}

std::vector<std::string> line_probes(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find('('); at != std::string::npos;
       at = text.find('(', at + 1)) {
    const std::size_t quote = text.find_first_not_of(" \t\r\n", at + 1);
    if (quote == std::string::npos ||
        (text[quote] != '"' && text[quote] != '\'')) {
      continue;
    }
    std::size_t end = quote + 1;
    while (end < text.size() && (is_name(text[end]) || text[end] == '.')) {
      ++end;
    }
    const std::string name = text.substr(quote + 1, end - quote - 1);
    if (end < text.size() && text[end] == text[quote] &&
        name.find('.') != std::string::npos) {
      out.push_back(name);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Definitions find_line_definitions(
    const Sources& sources,
    const Adapter& adapter,
    const std::function<bool(const std::string& tag)>& wanted) {
  Definitions out;
  for (const auto& [path, file] : sources.files()) {
    std::vector<Note> tags;
    for (const Note& note : file.notes) {
      if (note.kind == Note::Kind::port) {
        tags.push_back(note);
      }
    }
    const std::vector<std::string> lines = split_lines(file.text);
    for (std::size_t i = 0; i < tags.size(); ++i) {
      if (!wanted(tags[i].name)) {
        continue;
      }
      Definition d;
      d.tag = tags[i].name;
      d.tag_file = path;
      d.tag_line = tags[i].line;
      // Tags that stand together are all of the same definition.
      std::size_t next = i + 1;
      int line = d.tag_line;
      while (next < tags.size() && tags[next].line == line + 1) {
        line = tags[next++].line;
      }
      follow_tag(
          lines,
          adapter,
          next < tags.size() ? tags[next].line
                             : static_cast<int>(lines.size()) + 1,
          d);
      out.tagged.push_back(std::move(d));
    }
  }
  for (const auto& [component, symbol] : adapter.symbols) {
    if (wanted(component)) {
      out.tagged.push_back(of_symbol(sources, adapter, component, symbol));
    }
  }
  for (const Definition& d : out.tagged) {
    if (d.problem.empty()) {
      out.all.push_back(d);
    }
  }
  return out;
}

} // namespace portproof
