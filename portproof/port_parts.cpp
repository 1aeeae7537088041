// SPDX-License-Identifier: MIT
#include "portproof/port_parts.h"

#include <algorithm>
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

std::string last_name(const std::string& name) {
  const std::size_t at = name.rfind("::");
  return at == std::string::npos ? name : name.substr(at + 2);
}

std::set<std::string> words(const std::string& text) {
  std::set<std::string> out;
  for (const Token& token : lex(text)) {
    if (token.kind == Token::Kind::word) {
      out.emplace(token.text);
    }
  }
  return out;
}

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
      files_.insert(d->file);
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
    for (const Definition& other : port_.definitions.all) {
      // Of one name are its overloads.
      if ((other.name == d.name || other.name.starts_with(d.name + "::")) &&
          !other.file.empty() && !others(other) && !local(other)) {
        add(part_of(other));
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

  /// Whether a definition lies in the body of a function.
  bool local(const Definition& d) const {
    return std::any_of(
        port_.definitions.all.begin(),
        port_.definitions.all.end(),
        [&](const Definition& other) {
          return (other.kind == "function" || other.kind == "method") &&
                 other.file == d.file && other.line <= d.line &&
                 d.end_line <= other.end_line &&
                 d.name.starts_with(other.name + "::");
        });
  }

  /// The class that a definition is a member of, or empty.
  std::string owner(const Definition& d) const {
    const std::size_t at = d.name.rfind("::");
    const std::string outer =
        at == std::string::npos ? std::string() : d.name.substr(0, at);
    return std::any_of(
               port_.definitions.all.begin(),
               port_.definitions.all.end(),
               [&](const Definition& other) {
                 return other.kind == "class" && other.name == outer;
               })
               ? last_name(outer)
               : std::string();
  }

  void helpers() {
    struct Helper {
      const Definition* definition;
      std::string name, owner;
    };
    std::vector<Helper> open;
    for (const Definition& d : port_.definitions.all) {
      if (files_.contains(d.file) && d.kind != "field" && !tagged(d) &&
          !local(d)) {
        open.push_back({&d, last_name(d.name), owner(d)});
      }
    }
    // Members come by the name of their class: other names may be anybody's.
    std::set<std::string> named;
    for (std::size_t done = 0; done < out_.size(); ++done) {
      named.merge(words(part_text(port_.sources, PortPart(out_[done]))));
      std::erase_if(open, [&](const Helper& h) {
        if (!named.contains(h.owner.empty() ? h.name : h.owner)) {
          return false;
        }
        if (!covered(h.definition->file, h.definition->line)) {
          out_.push_back(part_of(*h.definition));
        }
        return true;
      });
    }
  }

  const Port& port_;
  const Component& component_;
  std::set<std::string> files_;
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
