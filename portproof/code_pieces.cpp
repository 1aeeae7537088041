// SPDX-License-Identifier: MIT
#include "portproof/code_pieces.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace portproof {
namespace {

constexpr std::array<std::string_view, 14> kPairs = {
    "<=",
    ">=",
    "==",
    "!=",
    "&&",
    "||",
    "->",
    "::",
    "++",
    "--",
    "+=",
    "-=",
    "*=",
    "/="};

bool is_pair(std::string_view text) {
  return std::find(kPairs.begin(), kPairs.end(), text) != kPairs.end();
}

bool is_blank(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool opens(std::string_view t) {
  return t == "(" || t == "[" || t == "{";
}
bool closes(std::string_view t) {
  return t == ")" || t == "]" || t == "}";
}

} // namespace

CodePieces::CodePieces(
    std::string_view text,
    const std::vector<std::string>& checks,
    std::vector<std::string> watches)
    : text_(text), watches_(std::move(watches)) {
  find_lines();
  find_pieces();
  find_brackets();
  find_refusals(checks);
}

void CodePieces::find_lines() {
  lines_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') {
      lines_.push_back(i + 1);
    }
  }
}

void CodePieces::find_pieces() {
  for (const Token& token : lex(text_)) {
    if (token.kind == Token::Kind::comment) {
      continue;
    }
    const auto offset =
        static_cast<std::size_t>(token.text.data() - text_.data());
    if (token.kind == Token::Kind::punctuation && !pieces_.empty()) {
      Piece& last = pieces_.back();
      const std::string_view both =
          text_.substr(last.offset, offset + token.text.size() - last.offset);
      if (last.kind == Token::Kind::punctuation && last.end() == offset &&
          is_pair(both)) {
        last.text = both;
        continue;
      }
    }
    pieces_.push_back(
        {token.kind,
         token.text,
         offset,
         token.line,
         token.directive,
         false,
         false});
  }
  for (Piece& p : pieces_) {
    p.space_before = p.offset == 0 || is_blank(text_[p.offset - 1]);
    p.space_after = p.end() >= text_.size() || is_blank(text_[p.end()]);
  }
}

void CodePieces::find_brackets() {
  match_.resize(pieces_.size());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    match_[i] = i;
    if (pieces_[i].kind != Token::Kind::punctuation) {
      continue;
    }
    if (opens(pieces_[i].text)) {
      open.push_back(i);
    } else if (closes(pieces_[i].text) && !open.empty()) {
      match_[i] = open.back();
      match_[open.back()] = i;
      open.pop_back();
    }
  }
}

bool CodePieces::watches(std::string_view name) const {
  return std::find(watches_.begin(), watches_.end(), name) != watches_.end();
}

void CodePieces::find_refusals(const std::vector<std::string>& checks) {
  refusing_.assign(pieces_.size(), false);
  const auto mark = [this](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i <= last && i < refusing_.size(); ++i) {
      refusing_[i] = true;
    }
  };
  const auto is_check = [&](std::size_t i) {
    return at(i + 1).text == "(" &&
           std::find(checks.begin(), checks.end(), at(i).text) != checks.end();
  };
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const std::string_view t = pieces_[i].text;
    if (t == "throw" || t == "static_assert") {
      mark(i, end_of_statement(i));
    } else if (is_check(i)) {
      mark(i, match(i + 1));
    } else if (t == "if" && at(i + 1).text == "(") {
      const std::size_t body = match(i + 1) + 1;
      const bool block = at(body).text == "{";
      const std::size_t first = block ? body + 1 : body;
      const bool refuses = at(first).text == "throw" || is_check(first);
      if (refuses && (!block || end_of_statement(first) + 1 == match(body))) {
        mark(i, body);
      }
    }
  }
}

const Piece& CodePieces::at(std::size_t i) const {
  static const Piece kNone;
  return i < pieces_.size() ? pieces_[i] : kNone;
}

std::string_view CodePieces::text(std::size_t first, std::size_t last) const {
  if (first >= last || first >= pieces_.size()) {
    return {};
  }
  const std::size_t begin = pieces_[first].offset;
  return text_.substr(begin, at(last - 1).end() - begin);
}

std::string CodePieces::line(int number) const {
  const auto i = static_cast<std::size_t>(number) - 1;
  if (i >= lines_.size()) {
    return {};
  }
  const std::size_t end =
      i + 1 < lines_.size() ? lines_[i + 1] - 1 : text_.size();
  std::string out(text_.substr(lines_[i], end - lines_[i]));
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return out;
}

std::size_t CodePieces::match(std::size_t i) const {
  return i < match_.size() ? match_[i] : i;
}

std::size_t CodePieces::end_of_statement(std::size_t i) const {
  for (; i < pieces_.size(); ++i) {
    const std::string_view t = pieces_[i].text;
    if (t == ";" || closes(t)) {
      return i;
    }
    if (opens(t)) {
      i = match(i);
    }
  }
  return i;
}

bool CodePieces::begins_statement(std::size_t i) const {
  if (i == 0) {
    return true;
  }
  const std::string_view before = at(i - 1).text;
  if (before == ")") { // of an `if` or a loop without braces
    const std::string_view word = at(match(i - 1) - 1).text;
    return word == "if" || word == "for" || word == "while";
  }
  // A brace after a name or a bracket begins a block, one after `=`, `(` or a
  // comma a list of values.
  if (before == "{") {
    const std::string_view t = i >= 2 ? at(i - 2).text : "";
    return t == ")" || t == "else" || t == "do" || t == "const" ||
           t == "noexcept" || t == "override" || t == "mutable" || t == "]" ||
           t == ";" || t == "}" || t == "{";
  }
  return before == ";" || before == "}" || before == "else" || before == "do";
}

bool CodePieces::refusing(std::size_t i) const {
  return i < refusing_.size() && refusing_[i];
}

} // namespace portproof
