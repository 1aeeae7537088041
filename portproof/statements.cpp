// SPDX-License-Identifier: MIT
#include "portproof/statements.h"

#include <algorithm>
#include <cctype>

#include "portproof/text.h"

namespace portproof {
namespace {

/// A logical line: what lies between two line ends outside brackets and texts.
struct Logical {
  int line = 1, end_line = 1;
  int indent = 0;
  std::string text;       ///< comments and joined line ends taken out
  bool only_texts = true; ///< nothing but string literals
};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\f' || c == '\r';
}

/// Cuts Python source into logical lines. Tolerant, as the lexer of C++ is.
class Cutter {
 public:
  explicit Cutter(std::string_view source) : s_(source) {}

  std::vector<Logical> all() {
    while (at_ < s_.size()) {
      one();
    }
    return std::move(out_);
  }

 private:
  char here(std::size_t ahead = 0) const {
    return at_ + ahead < s_.size() ? s_[at_ + ahead] : '\0';
  }
  void take(std::string& into) {
    line_ += s_[at_] == '\n' ? 1 : 0;
    into += s_[at_] == '\n' ? ' ' : s_[at_];
    ++at_;
  }
  void skip_comment() {
    while (at_ < s_.size() && s_[at_] != '\n') {
      ++at_;
    }
  }

  void literal(std::string& into) {
    const char quote = here();
    const bool triple = here(1) == quote && here(2) == quote;
    for (int i = 0; i < (triple ? 3 : 1); ++i) {
      take(into);
    }
    while (at_ < s_.size()) {
      if (here() == '\\' && at_ + 1 < s_.size()) {
        take(into);
        take(into);
      } else if (
          here() == quote &&
          (!triple || (here(1) == quote && here(2) == quote))) {
        for (int i = 0; i < (triple ? 3 : 1); ++i) {
          take(into);
        }
        return;
      } else if (here() == '\n' && !triple) {
        return; // a literal without its end
      } else {
        take(into);
      }
    }
  }

  /// The letters that a literal may begin with: r, b, u, f.
  std::size_t prefix() const {
    std::size_t n = 0;
    while (n < 3 &&
           std::string_view("rbufRBUF").find(here(n)) !=
               std::string_view::npos &&
           here(n) != '\0') {
      ++n;
    }
    return here(n) == '"' || here(n) == '\'' ? n : 0;
  }

  void one() {
    Logical l;
    l.line = line_;
    while (is_space(here())) {
      l.indent += here() == '\t' ? 8 : 1;
      ++at_;
    }
    int depth = 0;
    bool any = false;
    bool escaped = false; // a backslash joins the next line to this one
    while (at_ < s_.size()) {
      const char c = here();
      const std::size_t before = prefix();
      const bool word_goes_on =
          !l.text.empty() &&
          (std::isalnum(static_cast<unsigned char>(l.text.back())) != 0 ||
           l.text.back() == '_');
      if (c == '#') {
        skip_comment();
      } else if (c == '"' || c == '\'' || (before > 0 && !word_goes_on)) {
        for (std::size_t i = 0; i < before; ++i) {
          take(l.text);
        }
        literal(l.text);
        any = true;
      } else if (c == '\\' && (here(1) == '\n' || here(1) == '\r')) {
        ++at_;
        escaped = true;
      } else if (c == '\n') {
        l.end_line = line_;
        const bool joined = depth > 0 || escaped;
        escaped = false;
        ++line_;
        ++at_;
        if (!joined) {
          break;
        }
        l.text += ' ';
      } else {
        depth += c == '(' || c == '[' || c == '{' ? 1 : 0;
        depth -= c == ')' || c == ']' || c == '}' ? 1 : 0;
        if (!is_space(c)) {
          l.only_texts = false;
          any = true;
        }
        take(l.text);
      }
    }
    l.end_line = std::max(
        l.end_line,
        at_ >= s_.size() && !s_.ends_with('\n') ? line_ : l.end_line);
    if (any) {
      squeeze(l.text);
      out_.push_back(std::move(l));
    }
  }

  /// One blank where there were several, none at the ends.
  static void squeeze(std::string& text) {
    std::string out;
    for (const char c : text) {
      const bool blank = is_space(c);
      if (!blank || (!out.empty() && out.back() != ' ')) {
        out += blank ? ' ' : c;
      }
    }
    while (!out.empty() && out.back() == ' ') {
      out.pop_back();
    }
    text = std::move(out);
  }

  std::string_view s_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::vector<Logical> out_;
};

bool does_nothing(const Logical& l) {
  static const std::vector<std::string_view> kIdle =
      {"pass", "...", "else:", "try:", "finally:"};
  return l.only_texts ||
         std::find(kIdle.begin(), kIdle.end(), l.text) != kIdle.end();
}

} // namespace

std::vector<Statement> python_statements(
    std::string_view source, int first, int last) {
  std::vector<Statement> out;
  for (Logical& l : Cutter(source).all()) {
    if (l.line >= first && l.line <= last && !does_nothing(l)) {
      out.push_back({l.line, l.end_line, std::move(l.text)});
    }
  }
  return out;
}

int python_block_end(std::string_view source, int line) {
  const std::vector<Logical> all = Cutter(source).all();
  auto at = std::find_if(all.begin(), all.end(), [&](const Logical& l) {
    return l.line <= line && line <= l.end_line;
  });
  if (at == all.end()) {
    return line;
  }
  const int indent = at->indent;
  while (at->text.starts_with('@') && std::next(at) != all.end()) {
    ++at;
  }
  int end = at->end_line;
  if (!at->text.ends_with(':')) {
    return end;
  }
  for (++at; at != all.end() && at->indent > indent; ++at) {
    end = at->end_line;
  }
  return end;
}

std::vector<Statement> line_statements(
    std::string_view source, int first, int last) {
  std::vector<Statement> out;
  int number = 0;
  for (const std::string& line : split_lines(source)) {
    ++number;
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (number < first || number > last || begin == std::string::npos) {
      continue;
    }
    const std::string text = line.substr(begin);
    if (!text.starts_with("//") && !text.starts_with('#')) {
      out.push_back({number, number, text});
    }
  }
  return out;
}

} // namespace portproof
