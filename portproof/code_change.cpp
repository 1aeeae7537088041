// SPDX-License-Identifier: MIT
#include "portproof/code_change.h"

#include <algorithm>
#include <cctype>

#include "portproof/text.h"

namespace portproof {

using Kind = Token::Kind;

// --------------------------------------------------------

const Piece& piece(const Place& p, int ahead) {
  return p.code.at(p.at + static_cast<std::size_t>(ahead));
}

bool about(const Place& p, Names words) {
  std::string text = p.code.line(piece(p).line);
  for (const char c : p.symbol) {
    text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) {
    return text.find(w) != std::string::npos;
  });
}

bool is_integer(const Piece& p) {
  return p.kind == Kind::number &&
         std::all_of(p.text.begin(), p.text.end(), [](char c) {
           return std::isdigit(static_cast<unsigned char>(c)) != 0;
         });
}

bool is_real(const Piece& p) {
  return p.kind == Kind::number && !p.text.starts_with("0x") &&
         p.text.find_first_of(".eE") != std::string_view::npos;
}

Change instead(const Piece& p, std::string after) {
  return {p.offset, p.text.size(), std::move(after)};
}

Change instead(
    const CodePieces& code,
    std::size_t first,
    std::size_t last,
    std::string after) {
  return {
      code.at(first).offset,
      code.text(first, last).size(),
      std::move(after)};
}

Change before(const Piece& p, std::string text) {
  return {p.offset, 0, std::move(text)};
}

Change drop(const CodePieces& code, std::size_t first, std::size_t last) {
  const std::size_t begin = code.at(first).offset;
  const std::size_t end = last < code.pieces().size() ? code.at(last).offset
                                                      : code.at(last - 1).end();
  return {begin, end - begin, {}};
}

std::size_t end_of_operand(const CodePieces& code, std::size_t i) {
  if (code.at(i).kind == Kind::number) {
    return i + 1;
  }
  if (code.at(i).kind != Kind::word || is_any(code.at(i).text, {"return"})) {
    return i;
  }
  ++i;
  for (;;) {
    const std::string_view t = code.at(i).text;
    if (is_any(t, {".", "->", "::"}) && code.at(i + 1).kind == Kind::word) {
      i += 2;
    } else if (is_any(t, {"(", "["}) && !code.at(i).space_before) {
      i = code.match(i) + 1;
    } else if (t == "<" && !code.at(i).space_before) { // static_cast<T>(...)
      std::size_t close = i + 1;
      while (is_any(code.at(close).text, {"::", ",", "*", "&"}) ||
             code.at(close).kind == Kind::word) {
        ++close;
      }
      if (code.at(close).text != ">" || code.at(close).space_before) {
        return i;
      }
      i = close + 1;
    } else {
      return i;
    }
  }
}

std::size_t begin_of_operand(const CodePieces& code, std::size_t i) {
  if (i == 0) {
    return i;
  }
  std::size_t at = i - 1;
  for (;;) {
    if (is_any(code.at(at).text, {")", "]"})) {
      const std::size_t open = code.match(at);
      if (open == at || open == 0 || code.at(open).space_before) {
        return i;
      }
      at = open - 1;
    } else if (code.at(at).text == ">" && !code.at(at).space_before) {
      while (at > 0 && code.at(at).text != "<") {
        --at;
      }
      if (at == 0) {
        return i;
      }
      --at;
    } else if (
        code.at(at).kind == Kind::word || code.at(at).kind == Kind::number) {
      if (at > 0 && is_any(code.at(at - 1).text, {".", "->", "::"}) &&
          at >= 2) {
        at -= 2;
      } else {
        return at;
      }
    } else {
      return i;
    }
  }
}

std::vector<std::pair<std::size_t, std::size_t>> arguments(
    const CodePieces& code, std::size_t open) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  const std::size_t close = code.match(open);
  if (close <= open + 1) {
    return out;
  }
  std::size_t begin = open + 1;
  for (std::size_t i = open + 1; i <= close; ++i) {
    if (i == close || code.at(i).text == ",") {
      out.emplace_back(begin, i);
      begin = i + 1;
    } else if (is_any(code.at(i).text, {"(", "[", "{"})) {
      i = code.match(i);
    }
  }
  return out;
}

bool opens_call(const CodePieces& code, std::size_t i) {
  return code.at(i).text == "(" && i > 0 && code.at(i - 1).kind == Kind::word &&
         !code.at(i).space_before &&
         !is_any(
             code.at(i - 1).text,
             {"if", "for", "while", "switch", "catch"});
}

std::string_view call_around(const CodePieces& code, std::size_t i) {
  for (std::size_t back = 0; i > 0 && back < 200; ++back) {
    --i;
    const std::string_view t = code.at(i).text;
    if (is_any(t, {")", "]", "}"})) {
      i = code.match(i);
    } else if (is_any(t, {"(", "{"})) {
      if (opens_call(code, i)) {
        return code.at(i - 1).text;
      }
      if (t == "(") {
        return {};
      }
    } else if (t == ";") {
      return {};
    }
  }
  return {};
}

bool is_effect(const Place& p) {
  if (!p.in_function || !p.code.begins_statement(p.at)) {
    return false;
  }
  const Piece& first = piece(p);
  if (is_any(first.text, {"++", "--", "*"})) {
    return true;
  }
  if (first.kind != Kind::word ||
      is_any(first.text, {"return",  "if",        "for",      "while",
                          "do",      "switch",    "case",     "const",
                          "auto",    "static",    "using",    "break",
                          "throw",   "else",      "continue", "try",
                          "default", "constexpr", "public",   "private"})) {
    return false;
  }
  const std::size_t end = end_of_operand(p.code, p.at);
  const std::string_view next = p.code.at(end).text;
  if (is_any(next, {"=", "+=", "-=", "*=", "/=", "++", "--", "|", "&"})) {
    return true;
  }
  return next == ";" && p.code.at(end - 1).text == ")";
}

Changes drop_statement(const Place& p) {
  const std::size_t end = p.code.end_of_statement(p.at);
  if (p.code.at(end).text != ";") {
    return {};
  }
  return {instead(p.code, p.at, end + 1, ";")};
}

} // namespace portproof
