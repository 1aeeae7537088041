// SPDX-License-Identifier: MIT
#include "portproof/port_parts.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/sha256.h"
#include "portproof/statements.h"
#include "portproof/text.h"

namespace portproof {
namespace {

PortPart part_of(const Definition& d) {
  return {d.name, d.file, d.line, d.end_line};
}

/// The declaration that a tag sits on, where the definition is elsewhere:
/// defaults of options are there, braces among them.
PortPart declaration(const Sources& sources, const Definition& d) {
  PortPart part{d.name, d.tag_file, 0, 0};
  int parentheses = 0;
  for (const Token& token : lex(sources.find(d.tag_file)->text)) {
    if (token.kind == Token::Kind::comment || token.line <= d.tag_line) {
      continue;
    }
    if (part.line == 0) {
      part.line = token.line;
    }
    part.end_line = token.end_line;
    if (token.text == "(") {
      ++parentheses;
    } else if (token.text == ")") {
      --parentheses;
    } else if (parentheses == 0 && (token.text == ";" || token.text == "{")) {
      break;
    }
  }
  return part;
}

/// The name of what a definition is in, or empty.
std::string outer_name(const std::string& name) {
  const std::size_t at = name.rfind("::");
  return at == std::string::npos ? std::string() : name.substr(0, at);
}

std::string last_name(const std::string& name) {
  const std::size_t at = name.rfind("::");
  return at == std::string::npos ? name : name.substr(at + 2);
}

/// Lines of a file.
struct Lines {
  int first = 0, last = 0;
};

/// One word of code with what stands before it.
struct Word {
  std::string name;
  std::string scope; ///< it is of, as in `scope::name`; empty: any
  bool qualified = false;
  int line = 0;
};

/// The words of a file that may name a definition of it, and where names mean
/// something nearer: a parameter, a local, a member.
class FileNames {
 public:
  FileNames(const Port& port, const std::string& file)
      : cpp_(port.reference.adapter.cpp) {
    for (const Token& token : lex(port.sources.find(file)->text)) {
      if (token.kind != Token::Kind::comment) {
        tokens_.push_back(token);
      }
    }
    if (cpp_) {
      for (const Definition& d : port.definitions.all) {
        if (d.file == file && (d.kind == "function" || d.kind == "method")) {
          functions_.push_back(&d);
        }
      }
      hide_locals(port, file);
      hide_members(port, file);
    }
  }

  /// The words in some lines that do not mean something nearer.
  std::vector<Word> words(const PortPart& part) const {
    std::vector<Word> out;
    auto it = std::lower_bound(
        tokens_.begin(),
        tokens_.end(),
        part.line,
        [](const Token& t, int line) { return t.line < line; });
    for (; it != tokens_.end() && it->line <= part.end_line; ++it) {
      if (it->kind != Token::Kind::word) {
        continue;
      }
      const auto at = static_cast<std::size_t>(it - tokens_.begin());
      Word word{std::string(it->text), {}, false, it->line};
      word.qualified = before(at, 1) == ":" && before(at, 2) == ":";
      if (word.qualified && at > 2 &&
          tokens_[at - 3].kind == Token::Kind::word) {
        word.scope = before(at, 3);
      } else if (cpp_ && word.name == last_name(part.name)) {
        // Itself, or an overload beside it.
        word.scope = last_name(outer_name(part.name));
      }
      // What follows a dot is a member, and comes with its class.
      const bool member = before(at, 1) == "." ||
                          (before(at, 1) == ">" && before(at, 2) == "-") ||
                          (word.qualified && before(at, 3) == ">");
      if (!cpp_ || !(member || hidden(word))) {
        out.push_back(std::move(word));
      }
    }
    return out;
  }

 private:
  std::string_view before(std::size_t at, std::size_t n) const {
    return at < n ? std::string_view() : tokens_[at - n].text;
  }

  bool hidden(const Word& word) const {
    const auto it = hidden_.find(word.name);
    return !word.qualified && it != hidden_.end() &&
           std::any_of(
               it->second.begin(),
               it->second.end(),
               [&](const Lines& l) {
                 return l.first <= word.line && word.line <= l.last;
               });
  }

  /// Last line of the innermost function around a line, or 0.
  int end_of_function(int line) const {
    const Definition* best = nullptr;
    for (const Definition* f : functions_) {
      if (f->line <= line && line <= f->end_line &&
          (best == nullptr || f->line >= best->line)) {
        best = f;
      }
    }
    return best == nullptr ? 0 : best->end_line;
  }

  /// Last line of the block that a line of a function begins in. A parameter
  /// stands before its block: for it that is the end of the function.
  int end_of_block(int line) const {
    int depth = 0;
    for (const Token& t : tokens_) {
      if (t.line < line) {
        continue;
      }
      depth += t.text == "{" ? 1 : t.text == "}" ? -1 : 0;
      if (depth < 0) {
        return std::min(t.line, end_of_function(line));
      }
    }
    return end_of_function(line);
  }

  void hide_locals(const Port& port, const std::string& file) {
    const auto hide = [&](const std::string& name, int line) {
      hidden_[name].push_back({line, std::max(line, end_of_block(line))});
    };
    for (const Definition& d : port.definitions.parameters) {
      if (d.file == file) {
        hide(d.name, d.line);
      }
    }
    for (const Definition& d : port.definitions.all) {
      if (d.file == file && d.kind == "variable" &&
          std::any_of(
              functions_.begin(),
              functions_.end(),
              [&](const Definition* f) {
                return f->line <= d.line && d.end_line <= f->end_line;
              })) {
        hide(last_name(d.name), d.line);
      }
    }
    // `auto [a, b]`, which the parser gives no names of.
    for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
      if (tokens_[i].text != "auto") {
        continue;
      }
      std::size_t k = i + 1;
      while (k < tokens_.size() && tokens_[k].text.starts_with("&")) {
        ++k;
      }
      if (k < tokens_.size() && tokens_[k].text == "[") {
        for (; k < tokens_.size() && tokens_[k].text != "]"; ++k) {
          if (tokens_[k].kind == Token::Kind::word) {
            hide(std::string(tokens_[k].text), tokens_[k].line);
          }
        }
      }
    }
  }

  /// In a class and its methods its members come before what is outside.
  void hide_members(const Port& port, const std::string& file) {
    std::map<std::string, std::vector<Lines>> places;
    for (const Definition& d : port.definitions.all) {
      if (d.file == file && d.kind == "class") {
        places[d.name].push_back({d.line, d.end_line});
      } else if (d.file == file && d.kind == "method") {
        places[outer_name(d.name)].push_back({d.line, d.end_line});
      }
    }
    for (const Definition& d : port.definitions.all) {
      const bool member = d.kind == "field" || d.kind == "method";
      const auto it = member ? places.find(outer_name(d.name)) : places.end();
      // A constructor has the name of its class.
      if (it != places.end() && last_name(d.name) != last_name(it->first)) {
        std::vector<Lines>& lines = hidden_[last_name(d.name)];
        lines.insert(lines.end(), it->second.begin(), it->second.end());
      }
    }
  }

  bool cpp_;
  std::vector<Token> tokens_;
  std::vector<const Definition*> functions_;
  std::map<std::string, std::vector<Lines>> hidden_;
};

class Collector {
 public:
  Collector(const Port& port, const Component& component)
      : port_(port), component_(component) {}

  std::vector<PortPart> all() {
    for (const Definition* d : port_.definitions_of(component_)) {
      with_members(*d);
      if (port_.sources.find(d->tag_file) != nullptr &&
          !covered(d->tag_file, d->tag_line)) {
        const PortPart declared = declaration(port_.sources, *d);
        if (declared.line > 0 && !covered(declared.file, declared.line)) {
          add(declared);
        }
      }
      files_.insert(d->tag_file);
    }
    helpers();
    std::sort(out_.begin(), out_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.file, a.line) < std::tie(b.file, b.line);
    });
    return std::move(out_);
  }

 private:
  bool covered(const std::string& file, int line) const {
    return std::any_of(out_.begin(), out_.end(), [&](const PortPart& p) {
      return p.holds(file, line);
    });
  }

  void add(const PortPart& part) {
    if (port_.sources.find(part.file) == nullptr ||
        covered(part.file, part.line)) {
      return;
    }
    // A definition around others takes their place.
    std::erase_if(out_, [&](const PortPart& p) {
      return part.holds(p.file, p.line) && p.end_line <= part.end_line;
    });
    out_.push_back(part);
  }

  void with_members(const Definition& d) {
    add(part_of(d));
    files_.insert(d.file);
    for (const Definition& other : port_.definitions.all) {
      // Of one name are its overloads. A member may carry the tag of another
      // component too: it is read with both.
      const bool member = other.name.starts_with(d.name + "::");
      const bool overload = other.name == d.name && !others(other);
      if ((member || overload) && !other.file.empty() && !local(other)) {
        add(part_of(other));
        files_.insert(other.file);
      }
    }
  }

  /// Whether a definition carries a tag of another component.
  bool others(const Definition& d) const {
    return std::any_of(
        port_.definitions.tagged.begin(),
        port_.definitions.tagged.end(),
        [&](const Definition& t) {
          return t.name == d.name && t.file == d.file && t.line == d.line &&
                 port_.inventory.owner(t.tag) != &component_;
        });
  }

  /// Whether a definition is one that a tag sits on, or a member of it.
  bool tagged(const Definition& d) const {
    return std::any_of(
        port_.definitions.tagged.begin(),
        port_.definitions.tagged.end(),
        [&](const Definition& t) {
          return t.problem.empty() &&
                 (t.name == d.name || d.name.starts_with(t.name + "::"));
        });
  }

  /// Whether a definition lies in the body of a function. Not all of these
  /// have its name before theirs: what is in a lambda has not.
  bool local(const Definition& d) const {
    return std::any_of(
        port_.definitions.all.begin(),
        port_.definitions.all.end(),
        [&](const Definition& other) {
          return (other.kind == "function" || other.kind == "method") &&
                 other.file == d.file && other.line <= d.line &&
                 d.end_line <= other.end_line &&
                 (other.line < d.line || d.end_line < other.end_line ||
                  d.name.starts_with(other.name + "::"));
        });
  }

  /// The class that a definition is a member of, or empty.
  std::string owner(const Definition& d) const {
    const std::string outer = outer_name(d.name);
    return std::any_of(
               port_.definitions.all.begin(),
               port_.definitions.all.end(),
               [&](const Definition& other) {
                 return other.kind == "class" && other.name == outer;
               })
               ? outer
               : std::string();
  }

  struct Helper {
    const Definition* definition;
    /// What names it: its own name or, of a member, its class; other names may
    /// be anybody's.
    std::string by;
    std::string word; ///< the last of it
  };

  /// Whether a word that ends what has this name means it: of `scope::word`
  /// the scope must be one of its namespaces or classes.
  static bool names(const Word& word, const std::string& name) {
    return word.scope.empty() ||
           ("::" + outer_name(name) + "::").find("::" + word.scope + "::") !=
               std::string::npos;
  }

  const FileNames& names_of(const std::string& file) {
    const auto it = file_names_.find(file);
    return it != file_names_.end()
               ? it->second
               : file_names_.try_emplace(file, port_, file).first->second;
  }

  void helpers() {
    std::vector<Helper> open;
    for (const Definition& d : port_.definitions.all) {
      if (files_.contains(d.file) && d.kind != "field" && !tagged(d) &&
          !local(d)) {
        std::string by = owner(d);
        by = by.empty() ? d.name : by;
        open.push_back({&d, by, last_name(by)});
      }
    }
    std::vector<PortPart> todo = out_;
    while (!todo.empty() && !open.empty()) {
      const PortPart part = todo.back();
      todo.pop_back();
      std::map<std::string, std::vector<Word>> words;
      for (Word& w : names_of(part.file).words(part)) {
        words[w.name].push_back(std::move(w));
      }
      std::erase_if(open, [&](const Helper& h) {
        const auto it = words.find(h.word);
        const bool named = it != words.end() &&
                           std::any_of(
                               it->second.begin(),
                               it->second.end(),
                               [&](const Word& w) { return names(w, h.by); });
        if (named && !covered(h.definition->file, h.definition->line)) {
          todo.push_back(part_of(*h.definition));
          add(todo.back());
        }
        return named;
      });
    }
  }

  const Port& port_;
  const Component& component_;
  std::set<std::string> files_;
  std::map<std::string, FileNames> file_names_;
  std::vector<PortPart> out_;
};

} // namespace

std::string code_of(const std::string& file, const std::string& text) {
  const bool cpp = file.ends_with(".cpp") || file.ends_with(".cc") ||
                   file.ends_with(".h") || file.ends_with(".hpp");
  if (cpp) {
    return stripped(text);
  }
  std::string out;
  for (const Statement& s : line_statements(text, 1, 1 << 30)) {
    out += s.text + '\n';
  }
  return out;
}

std::vector<PortPart> port_parts(const Port& port, const Component& component) {
  return Collector(port, component).all();
}

std::string part_text(const Sources& sources, const PortPart& part) {
  const SourceFile* file = sources.find(part.file);
  std::string out;
  if (file == nullptr) {
    return out;
  }
  const std::vector<std::string> lines = split_lines(file->text);
  for (int i = part.line; i <= part.end_line; ++i) {
    if (i >= 1 && static_cast<std::size_t>(i) <= lines.size()) {
      out += lines[static_cast<std::size_t>(i) - 1] + '\n';
    }
  }
  return out;
}

std::string reading_fingerprint(const Port& port, const Component& component) {
  std::vector<std::string> texts;
  for (const PortPart& part : port_parts(port, component)) {
    texts.push_back(
        part.name + '\n' + code_of(part.file, part_text(port.sources, part)));
  }
  // Where the parts lie, and in what order, is not what was read.
  std::sort(texts.begin(), texts.end());
  mlxaudio::Sha256 hash;
  hash.update("component=" + component.name + '\n');
  hash.update("reference=" + component.sha256 + '\n');
  for (const std::string& text : texts) {
    hash.update(text).update(std::string_view("\n"));
  }
  return hash.hex();
}

} // namespace portproof
