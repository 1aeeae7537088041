// SPDX-License-Identifier: MIT
#include "portproof/lexer.h"

#include <algorithm>
#include <cctype>

#include "core/sha256.h"

namespace portproof {
namespace {

bool is_word_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) {
  return is_word_start(c) || std::isdigit(static_cast<unsigned char>(c));
}
bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      step();
    }
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  std::string_view rest() const {
    return source_.substr(at_);
  }

  /// Lines may be joined by a backslash anywhere between tokens.
  std::size_t continuation() const {
    if (rest().starts_with("\\\n")) {
      return 2;
    }
    return rest().starts_with("\\\r\n") ? 3 : 0;
  }

  void step() {
    if (const std::size_t joint = continuation()) {
      at_ += joint;
      ++line_;
      return;
    }
    const char c = peek();
    if (c == '\n') {
      directive_ = false;
      line_begin_ = true;
      ++line_;
      ++at_;
    } else if (is_space(c)) {
      ++at_;
    } else if (rest().starts_with("//")) {
      std::size_t end = at_;
      // A backslash at the end goes on with the comment on the next line.
      do {
        end = std::min(source_.find('\n', end + 1), source_.size());
      } while (end < source_.size() && source_[end - 1] == '\\');
      emit(Token::Kind::comment, end - at_);
    } else if (rest().starts_with("/*")) {
      const std::size_t end = source_.find("*/", at_ + 2);
      emit(
          Token::Kind::comment,
          (end == std::string_view::npos ? source_.size() : end + 2) - at_);
    } else if (c == '#' && line_begin_) {
      directive_ = true;
      emit(Token::Kind::punctuation, 1);
    } else if (const std::size_t prefix = string_prefix()) {
      string(prefix);
    } else if (is_word_start(c)) {
      std::size_t n = 1;
      while (is_word(peek(n))) {
        ++n;
      }
      emit(Token::Kind::word, n);
    } else if (
        std::isdigit(static_cast<unsigned char>(c)) ||
        (c == '.' && std::isdigit(static_cast<unsigned char>(peek(1))))) {
      number();
    } else if (c == '"') {
      quoted('"', Token::Kind::string, 0);
    } else if (c == '\'') {
      quoted('\'', Token::Kind::character, 0);
    } else {
      emit(Token::Kind::punctuation, 1);
    }
  }

  /// Length of an encoding prefix that a string or character follows.
  std::size_t string_prefix() const {
    for (const std::string_view p :
         {"u8R", "uR", "UR", "LR", "R", "u8", "u", "U", "L"}) {
      if (rest().starts_with(p)) {
        const char next = peek(p.size());
        const bool raw = p.back() == 'R';
        if (next == '"' || (next == '\'' && !raw)) {
          return p.size();
        }
      }
    }
    return 0;
  }

  void string(std::size_t prefix) {
    const bool raw = source_[at_ + prefix - 1] == 'R';
    if (!raw) {
      const char quote = peek(prefix);
      quoted(
          quote,
          quote == '"' ? Token::Kind::string : Token::Kind::character,
          prefix);
      return;
    }
    const std::size_t open = source_.find('(', at_ + prefix);
    if (open == std::string_view::npos) {
      emit(Token::Kind::punctuation, 1);
      return;
    }
    const std::string close =
        ')' +
        std::string(source_.substr(at_ + prefix + 1, open - at_ - prefix - 1)) +
        '"';
    const std::size_t end = source_.find(close, open);
    emit(
        Token::Kind::string,
        (end == std::string_view::npos ? source_.size() : end + close.size()) -
            at_);
  }

  void quoted(char quote, Token::Kind kind, std::size_t prefix) {
    std::size_t n = prefix + 1;
    while (at_ + n < source_.size() && peek(n) != quote && peek(n) != '\n') {
      n += peek(n) == '\\' ? 2 : 1;
    }
    n = std::min(n + 1, source_.size() - at_);
    emit(kind, n);
  }

  void number() {
    std::size_t n = 1;
    for (;; ++n) {
      const char c = peek(n);
      const char before = peek(n - 1);
      const bool sign =
          (c == '+' || c == '-') &&
          (before == 'e' || before == 'E' || before == 'p' || before == 'P');
      const bool separator = c == '\'' && is_word(peek(n + 1));
      if (!is_word(c) && c != '.' && !sign && !separator) {
        break;
      }
    }
    emit(Token::Kind::number, n);
  }

  void emit(Token::Kind kind, std::size_t length) {
    Token token{kind, source_.substr(at_, length), line_, line_, directive_};
    token.end_line += static_cast<int>(
        std::count(token.text.begin(), token.text.end(), '\n'));
    line_ = token.end_line;
    at_ += length;
    if (kind != Token::Kind::comment) {
      line_begin_ = false;
    }
    tokens_.push_back(token);
  }

  std::string_view source_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool line_begin_ = true;
  bool directive_ = false;
  std::vector<Token> tokens_;
};

/// Tokens from `first` to before `last` as one text.
std::string joined(
    const std::vector<Token>& tokens, std::size_t first, std::size_t last) {
  std::string out;
  const Token* before = nullptr;
  for (std::size_t i = first; i < last; ++i) {
    const Token& t = tokens[i];
    if (t.kind == Token::Kind::comment) {
      continue;
    }
    if (before != nullptr) {
      const bool new_directive =
          t.directive && t.text == "#" && t.line != before->end_line;
      const bool edge = t.directive != before->directive || new_directive;
      out += edge ? '\n' : ' ';
    }
    out += t.text;
    before = &t;
  }
  return out;
}

std::string unquoted(std::string_view literal) {
  return literal.size() < 2
             ? std::string()
             : std::string(literal.substr(1, literal.size() - 2));
}

/// Position after the word that begins at `at`: letters, digits, `_`, `.`.
std::size_t end_of_name(std::string_view text, std::size_t at) {
  while (at < text.size() && (is_word(text[at]) || text[at] == '.')) {
    ++at;
  }
  return at;
}

int lines_before(std::string_view text, std::size_t at) {
  return static_cast<int>(std::count(
      text.begin(),
      text.begin() + static_cast<std::ptrdiff_t>(at),
      '\n'));
}

/// What comments are decorated with between words.
bool is_filler(char c) {
  return is_space(c) || c == '/' || c == '*' || c == '<' || c == '!';
}

struct Comment {
  std::string text;
  int line = 1;
};

void find_ports(const Comment& comment, std::vector<Note>& out) {
  constexpr std::string_view kPort = "\\port";
  const std::string_view text = comment.text;
  for (std::size_t at = text.find(kPort); at != std::string_view::npos;
       at = text.find(kPort, at + 1)) {
    // One tag may list several symbols: `\port a.b, a.c`.
    std::size_t begin = at + kPort.size();
    do {
      while (begin < text.size() &&
             (is_filler(text[begin]) || text[begin] == ',')) {
        ++begin;
      }
      const std::size_t end = end_of_name(text, begin);
      std::string name(text.substr(begin, end - begin));
      while (name.ends_with('.')) {
        name.pop_back(); // the end of a sentence
      }
      if (!name.empty()) {
        out.push_back(
            {Note::Kind::port,
             name,
             {},
             comment.line + lines_before(text, at)});
      }
      begin = end;
    } while (begin < text.size() && text[begin] == ',');
  }
}

void find_deviations(const Comment& comment, std::vector<Note>& out) {
  constexpr std::string_view kDeviation = "DEVIATION(";
  const std::string_view text = comment.text;
  for (std::size_t at = text.find(kDeviation); at != std::string_view::npos;) {
    const std::size_t next = text.find(kDeviation, at + 1);
    const std::size_t close = text.find("):", at);
    if (close != std::string_view::npos) {
      const std::size_t begin = at + kDeviation.size();
      Note note{Note::Kind::deviation, {}, {}, comment.line};
      note.line += lines_before(text, at);
      note.name = text.substr(begin, close - begin);
      // Words until the comment ends, a blank line of it, or another command.
      const std::string_view rest = text.substr(close + 2, next - close - 2);
      bool line_begins = false;
      for (std::size_t k = 0; k < rest.size(); ++k) {
        const char c = rest[k];
        if (c == '\n') {
          if (line_begins) {
            break; // an empty line
          }
          line_begins = true;
        }
        if (line_begins && is_filler(c)) {
          continue;
        }
        if (line_begins && c == '\\') {
          break;
        }
        if (line_begins && !note.text.empty()) {
          note.text += ' ';
        }
        line_begins = false;
        if (!is_space(c) || !(note.text.empty() || note.text.ends_with(' '))) {
          note.text += is_space(c) ? ' ' : c;
        }
      }
      while (note.text.ends_with(' ') || note.text.ends_with("*/")) {
        note.text.resize(note.text.size() - (note.text.ends_with(' ') ? 1 : 2));
      }
      out.push_back(std::move(note));
    }
    at = next;
  }
}

} // namespace

std::vector<Token> lex(std::string_view source) {
  return Lexer(source).run();
}

std::string stripped(std::string_view source) {
  const std::vector<Token> tokens = lex(source);
  return joined(tokens, 0, tokens.size());
}

std::string code_hash(std::string_view source) {
  return mlxaudio::sha256(stripped(source));
}

std::vector<std::string> quoted_includes(const std::vector<Token>& tokens) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (tokens[i].directive && tokens[i].text == "#" &&
        tokens[i + 1].text == "include" &&
        tokens[i + 2].kind == Token::Kind::string) {
      out.push_back(unquoted(tokens[i + 2].text));
    }
  }
  return out;
}

std::vector<Note> notes(const std::vector<Token>& tokens) {
  std::vector<Note> out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind != Token::Kind::comment) {
      continue;
    }
    // Comments on lines that follow each other are one text.
    Comment comment{std::string(tokens[i].text), tokens[i].line};
    while (i + 1 < tokens.size() &&
           tokens[i + 1].kind == Token::Kind::comment &&
           tokens[i + 1].line == tokens[i].end_line + 1) {
      ++i;
      comment.text += '\n';
      comment.text += tokens[i].text;
    }
    find_ports(comment, out);
    find_deviations(comment, out);
  }
  return out;
}

ProbeFile probe_texts(std::string_view source) {
  const std::vector<Token> all = lex(source);
  ProbeFile file;
  file.includes = quoted_includes(all);
  std::vector<Token> tokens;
  std::copy_if(
      all.begin(),
      all.end(),
      std::back_inserter(tokens),
      [](const Token& t) { return t.kind != Token::Kind::comment; });
  std::size_t rest = 0;
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    const bool call = tokens[i].text == "." && tokens[i + 1].text == "add" &&
                      tokens[i + 2].text == "(" &&
                      tokens[i + 3].kind == Token::Kind::string;
    if (!call) {
      continue;
    }
    int depth = 0;
    std::size_t end = i + 2;
    for (; end < tokens.size(); ++end) {
      const std::string_view t = tokens[end].text;
      if (tokens[end].kind == Token::Kind::punctuation) {
        depth += t == "(" || t == "{" || t == "[" ? 1 : 0;
        depth -= t == ")" || t == "}" || t == "]" ? 1 : 0;
      }
      if (depth == 0) {
        break;
      }
    }
    end = std::min(end + 1, tokens.size());
    std::string component;
    for (std::size_t k = i + 3;
         k < end && tokens[k].kind == Token::Kind::string;
         ++k) { // neighbouring literals are one
      component += unquoted(tokens[k].text);
    }
    file.probes.push_back({component, joined(tokens, i, end), tokens[i].line});
    file.rest += joined(tokens, rest, i) + '\n';
    rest = end;
    i = end - 1;
  }
  file.rest += joined(tokens, rest, tokens.size());
  return file;
}

} // namespace portproof
