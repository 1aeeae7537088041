// SPDX-License-Identifier: MIT
#include "portproof/rewrites.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "portproof/mutation_list.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using Kind = Token::Kind;

/// Where the block around a piece ends.
std::size_t end_of_block(const CodePieces& code, std::size_t i) {
  for (; i < code.pieces().size(); ++i) {
    if (is_any(code.at(i).text, {"(", "[", "{"})) {
      i = code.match(i);
    } else if (code.at(i).text == "}") {
      break;
    }
  }
  return i;
}

bool follows_statement(const Place& p) {
  return is_any(piece(p, -1).text, {";", "}"}) && p.code.begins_statement(p.at);
}

/// `return` of something that is a value for certain, since it is computed.
/// \return the semicolon, or nothing
std::optional<std::size_t> returned_value(const Place& p) {
  if (piece(p).text != "return" || !p.in_function || !follows_statement(p) ||
      is_any(piece(p, 1).text, {"{", ";", "["})) {
    return std::nullopt;
  }
  const std::size_t end = p.code.end_of_statement(p.at);
  for (std::size_t i = p.at + 1; i < end; ++i) {
    const Piece& op = p.code.at(i);
    const bool list = op.text == "{";
    if (list || op.text == "co_await") {
      return std::nullopt;
    }
  }
  for (std::size_t i = p.at + 1; i < end; ++i) {
    const Piece& op = p.code.at(i);
    if (op.spaced() &&
        is_any(
            op.text,
            {"+", "-", "*", "/", "<", ">", "<=", ">=", "==", "!="})) {
      return p.code.at(end).text == ";" ? std::optional(end) : std::nullopt;
    }
  }
  return std::nullopt;
}

Changes comment(const Place& p) {
  return p.in_function && follows_statement(p)
             ? Changes{before(piece(p), "// In other words.\n")}
             : Changes{};
}

Changes braces(const Place& p) {
  const bool block = piece(p).text == "{" && piece(p, -1).text == ")" &&
                     piece(p).space_before && p.in_function;
  return block ? Changes{before(piece(p), "\n\n")} : Changes{};
}

/// What is returned, put between two texts.
/// \param from so many pieces behind the `return`; 0 replaces that too
Changes around_returned(
    const Place& p,
    std::size_t from,
    std::string_view before,
    std::string_view after) {
  const std::optional<std::size_t> end = returned_value(p);
  if (!end) {
    return {};
  }
  return {instead(
      p.code,
      p.at + from,
      *end,
      fmt::format("{}{}{}", before, p.code.text(p.at + 1, *end), after))};
}

Changes parentheses(const Place& p) {
  return around_returned(p, 1, "(", ")");
}

Changes split_expression(const Place& p) {
  return around_returned(p, 0, "auto rewritten = ", ";\nreturn rewritten");
}

Changes split_function(const Place& p) {
  return around_returned(
      p,
      0,
      "const auto part = [&] {\nreturn ",
      ";\n};\nreturn part()");
}

/// A local variable with another name, from its declaration to the end of its
/// block.
Changes renamed(const Place& p) {
  const Piece& name = piece(p);
  const bool declared =
      name.kind == Kind::word && piece(p, 1).text == "=" && p.in_function &&
      (is_any(piece(p, -1).text, {"auto", "int", "double", "float", "bool"}) ||
       (piece(p, -1).text == "&" && piece(p, -2).text == "auto") ||
       (piece(p, -1).text == "array" && piece(p, -2).text == "::"));
  if (!declared) {
    return {};
  }
  const std::size_t end = end_of_block(p.code, p.at);
  std::string text;
  std::size_t from = name.offset;
  std::size_t last = p.at;
  for (std::size_t i = p.at; i < end; ++i) {
    if (p.code.at(i).kind != Kind::word || p.code.at(i).text != name.text) {
      continue;
    }
    if (is_any(p.code.at(i - 1).text, {".", "->", "::"})) {
      continue; // a member of the same name
    }
    text += p.code.text().substr(from, p.code.at(i).offset - from);
    text += fmt::format("{}_renamed", name.text);
    from = p.code.at(i).end();
    last = i;
  }
  return {{name.offset, p.code.at(last).end() - name.offset, text}};
}

Changes increment(const Place& p) {
  const bool step = piece(p).text == "++" && piece(p, -1).text == ";" &&
                    piece(p, 1).kind == Kind::word && piece(p, 2).text == ")";
  return step ? Changes{instead(
                    p.code,
                    p.at,
                    p.at + 2,
                    fmt::format("{} += 1", piece(p, 1).text))}
              : Changes{};
}

Changes turned_comparison(const Place& p) {
  static const std::map<std::string_view, std::string_view> kTurned = {
      {"<", ">"},
      {">", "<"},
      {"<=", ">="},
      {">=", "<="},
      {"==", "=="},
      {"!=", "!="}};
  const auto it = kTurned.find(piece(p).text);
  if (it == kTurned.end() || !piece(p).spaced() || !p.in_function) {
    return {};
  }
  const std::size_t begin = begin_of_operand(p.code, p.at);
  const std::size_t end = end_of_operand(p.code, p.at + 1);
  const bool whole =
      begin < p.at && end > p.at + 1 &&
      is_any(
          p.code.at(begin - 1).text,
          {"(", "&&", "||", "return", ",", ";"}) &&
      is_any(p.code.at(end).text, {")", "&&", "||", ";", ",", "?"});
  if (!whole) {
    return {};
  }
  return {instead(
      p.code,
      begin,
      end,
      fmt::format(
          "{} {} {}",
          p.code.text(p.at + 1, end),
          it->second,
          p.code.text(begin, p.at)))};
}

/// `const auto n = static_cast<T>(...)` with the type written out.
Changes spelled_type(const Place& p) {
  const bool here = piece(p).text == "auto" && piece(p, 2).text == "=" &&
                    piece(p, 3).text == "static_cast" &&
                    piece(p, 4).text == "<";
  if (!here) {
    return {};
  }
  std::size_t close = p.at + 5;
  while (close < p.at + 12 && p.code.at(close).text != ">") {
    ++close;
  }
  if (p.code.at(close).text != ">") {
    return {};
  }
  return {instead(piece(p), std::string(p.code.text(p.at + 5, close)))};
}

Changes block(const Place& p) {
  if (!is_effect(p) || !follows_statement(p)) {
    return {};
  }
  const std::size_t end = p.code.end_of_statement(p.at);
  if (p.code.at(end).text != ";") {
    return {};
  }
  return {instead(
      p.code,
      p.at,
      end + 1,
      fmt::format("{{\n{}\n}}", p.code.text(p.at, end + 1)))};
}

Changes explicit_this(const Place& p) {
  const Piece& name = piece(p);
  const bool member = name.kind == Kind::word && name.text.ends_with("_") &&
                      p.in_function &&
                      !is_any(piece(p, -1).text, {".", "->", "::", ":", ","}) &&
                      piece(p, 1).text != "(";
  return member ? Changes{before(name, "this->")} : Changes{};
}

/// A declaration that computes without changing anything: `const T a = ...;`.
struct Declaration {
  std::string_view name;
  std::size_t end = 0; ///< the semicolon
  std::set<std::string_view> words;
};

std::optional<Declaration> pure_declaration(
    const CodePieces& code, std::size_t i) {
  if (code.at(i).text != "const" || !code.begins_statement(i)) {
    return std::nullopt;
  }
  Declaration d;
  d.end = code.end_of_statement(i);
  std::size_t equals = i;
  while (equals < d.end && code.at(equals).text != "=") {
    ++equals;
  }
  if (equals >= d.end || code.at(d.end).text != ";" ||
      code.at(equals - 1).kind != Kind::word) {
    return std::nullopt;
  }
  d.name = code.at(equals - 1).text;
  for (std::size_t k = equals + 1; k < d.end; ++k) {
    const Piece& piece = code.at(k);
    const bool call = opens_call(code, k);
    const std::string_view called = code.at(k - 1).text;
    const bool pure =
        is_any(
            called,
            {"size",
             "shape",
             "ndim",
             "front",
             "back",
             "min",
             "max",
             "log",
             "exp",
             "pow",
             "floor",
             "sqrt",
             "begin",
             "end",
             "dtype"}) ||
        (code.at(k - 2).text == "::" && code.at(k - 3).text == "mx");
    if ((call && !pure) ||
        is_any(piece.text, {"++", "--", "=", "+=", "-=", "[", "{", "move"})) {
      return std::nullopt;
    }
    if (piece.kind == Kind::word) {
      d.words.insert(piece.text);
    }
  }
  return d;
}

Changes reordered(const Place& p) {
  if (!p.in_function) {
    return {};
  }
  const auto first = pure_declaration(p.code, p.at);
  if (!first) {
    return {};
  }
  const auto second = pure_declaration(p.code, first->end + 1);
  if (!second || second->words.contains(first->name) ||
      first->words.contains(second->name)) {
    return {};
  }
  return {instead(
      p.code,
      p.at,
      second->end + 1,
      fmt::format(
          "{}\n{}",
          p.code.text(first->end + 1, second->end + 1),
          p.code.text(p.at, first->end + 1)))};
}

constexpr Operator kRewrites[] = {
    {"comment", "a comment added", comment},
    {"braces", "braces on lines of their own", braces},
    {"parentheses", "parentheses that need not be", parentheses},
    {"split-expression",
     "a result named before it is returned",
     split_expression},
    {"split-function",
     "a part moved into a function of its own",
     split_function},
    {"renamed", "a local variable renamed", renamed},
    {"increment", "`i += 1` for `++i`", increment},
    {"turned", "`b > a` for `a < b`", turned_comparison},
    {"type", "a type for `auto`", spelled_type},
    {"block", "a statement in a block of its own", block},
    {"this", "`this->` before a member", explicit_this},
    {"reordered", "two independent lines exchanged", reordered},
};

/// From the first to the last line that a rewrite touches.
std::pair<int, int> lines_of(const Mutant& m) {
  return {
      m.line,
      m.line +
          static_cast<int>(std::count(m.before.begin(), m.before.end(), '\n'))};
}

bool touches(const Mutant& a, const Mutant& b) {
  const auto [a_first, a_last] = lines_of(a);
  const auto [b_first, b_last] = lines_of(b);
  return a.file == b.file && a_first <= b_last && b_first <= a_last;
}

} // namespace

std::span<const Operator> rewrite_operators() {
  return kRewrites;
}

std::vector<Mutant> rewrites(const Port& port, const Component& component) {
  std::vector<Mutant> out = changes_by(rewrite_operators(), port, component);
  std::erase_if(out, [](const Mutant& m) {
    return m.file.ends_with(".h") || m.file.ends_with(".hpp");
  });
  return out;
}

std::vector<Mutant> draw_rewrites(
    const Port& port,
    std::uint64_t seed,
    int count,
    const std::set<std::string>& without) {
  std::map<std::string, std::vector<Mutant>> pool;
  for (const Component* c : judged_components(port)) {
    for (Mutant& m : rewrites(port, *c)) {
      if (!without.contains(m.id)) {
        pool[m.op].push_back(std::move(m));
      }
    }
  }
  std::vector<Mutant> out;
  std::map<std::string, int> components;
  std::uint64_t step = 0;
  while (static_cast<int>(out.size()) < count && !pool.empty()) {
    // One of each kind in turn, of the components that have the fewest.
    for (auto it = pool.begin();
         it != pool.end() && static_cast<int>(out.size()) < count;) {
      std::vector<Mutant>& left = it->second;
      std::erase_if(left, [&](const Mutant& m) {
        return std::any_of(out.begin(), out.end(), [&](const Mutant& o) {
          return touches(m, o);
        });
      });
      if (left.empty()) {
        it = pool.erase(it);
        continue;
      }
      const auto used = [&](const Mutant& m) {
        return components[m.component];
      };
      int least = used(left.front());
      for (const Mutant& m : left) {
        least = std::min(least, used(m));
      }
      std::vector<Mutant> fewest;
      std::copy_if(
          left.begin(),
          left.end(),
          std::back_inserter(fewest),
          [&](const Mutant& m) { return used(m) == least; });
      const Mutant& drawn =
          fewest.at(drawn_number(seed, step++) % fewest.size());
      ++components[drawn.component];
      out.push_back(drawn);
      ++it;
    }
  }
  return out;
}

} // namespace portproof
