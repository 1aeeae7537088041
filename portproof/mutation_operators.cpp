// SPDX-License-Identifier: MIT
#include "portproof/mutation_operators.h"

#include <algorithm>

#include <fmt/format.h>

#include "portproof/text.h"

namespace portproof {
namespace {

using Kind = Token::Kind;

// --- one word for another
// -------------------------------------------------------

struct Swap {
  std::string_view from, to;
};

/// The other word of a pair, in either direction.
std::string_view other(std::span<const Swap> swaps, std::string_view word) {
  for (const Swap& s : swaps) {
    if (s.from == word) {
      return s.to;
    }
    if (s.to == word) {
      return s.from;
    }
  }
  return {};
}

Changes swapped(const Place& p, std::span<const Swap> swaps) {
  const std::string_view to = other(swaps, piece(p).text);
  if (to.empty()) {
    return {};
  }
  return {instead(piece(p), std::string(to))};
}

constexpr Swap kMinMax[] = {
    {"min", "max"},
    {"minimum", "maximum"},
    {"min_element", "max_element"},
    {"argmin", "argmax"}};
constexpr Swap kEnds[] = {
    {"front", "back"},
    {"push_front", "push_back"},
    {"starts_with", "ends_with"},
    {"lower_bound", "upper_bound"},
    {"find", "rfind"},
    {"begin", "rbegin"},
    {"remove_prefix", "remove_suffix"}};
constexpr Swap kRounding[] = {
    {"floor", "ceil"}, {"round", "trunc"}, {"nearbyint", "floor"}};
constexpr Swap kTrigonometry[] = {{"sin", "cos"}};
constexpr Swap kSides[] = {
    {"first", "second"}, {"prefix", "suffix"}, {"left", "right"}};
constexpr Swap kLogarithms[] = {{"log10", "log"}, {"log2", "log"}};
constexpr Swap kQuantifiers[] = {{"all_of", "any_of"}, {"none_of", "any_of"}};

// --- the operators
// ----------------------------------------------------------------

Changes sign(const Place& p) {
  const Piece& op = piece(p);
  constexpr Swap kSigns[] = {{"+", "-"}, {"+=", "-="}};
  if (op.spaced() && is_any(op.text, {"+", "-", "+=", "-="})) {
    return swapped(p, kSigns);
  }
  const bool unary =
      op.text == "-" && !op.space_after &&
      (is_any(
          piece(p, -1).text,
          {"(", ",", "{", "=", "return", "?", ":", "+", "*", "["}));
  if (unary) {
    return {{op.offset, 1, ""}};
  }
  if (is_any(op.text, {"add", "subtract"}) && piece(p, -1).text == "::") {
    constexpr Swap kArrays[] = {{"add", "subtract"}};
    return swapped(p, kArrays);
  }
  return {};
}

Changes boundary(const Place& p) {
  constexpr Swap kSwaps[] = {{"<", "<="}, {">", ">="}};
  constexpr Swap kArrays[] = {
      {"less", "less_equal"},
      {"greater", "greater_equal"}};
  if (piece(p, -1).text == "::") {
    return swapped(p, kArrays);
  }
  return piece(p).spaced() ? swapped(p, kSwaps) : Changes{};
}

Changes equality(const Place& p) {
  constexpr Swap kSwaps[] = {{"==", "!="}};
  return piece(p).spaced() ? swapped(p, kSwaps) : Changes{};
}

Changes logic(const Place& p) {
  constexpr Swap kSwaps[] = {{"&&", "||"}};
  const bool value = piece(p).spaced() && p.in_function;
  return value ? swapped(p, kSwaps) : Changes{};
}

Changes flag(const Place& p) {
  constexpr Swap kSwaps[] = {{"true", "false"}};
  return swapped(p, kSwaps);
}

Changes condition(const Place& p) {
  if (piece(p).text != "if" || piece(p, 1).text != "(") {
    return {};
  }
  const std::size_t close = p.code.match(p.at + 1);
  for (std::size_t i = p.at + 2; i < close; ++i) {
    if (p.code.at(i).text == ";") {
      return {}; // declares something first
    }
  }
  const std::string inside(p.code.text(p.at + 2, close));
  return {instead(p.code, p.at + 2, close, "!(" + inside + ")")};
}

Changes guard(const Place& p) {
  if (piece(p).text != "if" || piece(p, 1).text != "(") {
    return {};
  }
  const std::size_t close = p.code.match(p.at + 1);
  const std::size_t body = close + (p.code.at(close + 1).text == "{" ? 2 : 1);
  if (!is_any(p.code.at(body).text, {"return", "continue", "break"})) {
    return {};
  }
  for (std::size_t i = p.at + 2; i < close; ++i) {
    if (p.code.at(i).text == ";") {
      return {};
    }
  }
  return {instead(
      p.code,
      p.at + 2,
      close,
      fmt::format("false && ({})", p.code.text(p.at + 2, close)))};
}

Changes off_by_one(const Place& p) {
  const Piece& n = piece(p);
  // Counts and indices; what a wrong table or size is, `constant` makes.
  if (!is_integer(n) || n.text.size() > 2 || !p.in_function) {
    return {};
  }
  const std::string_view around = piece(p, -1).text;
  if (!is_any(around, {"+", "-", "[", "(", ",", "<", "<=", ">", ">=", "%"})) {
    return {};
  }
  return {instead(n, std::to_string(std::stoi(std::string(n.text)) + 1))};
}

Changes constant(const Place& p) {
  const Piece& n = piece(p);
  if (!(is_real(n) || (is_integer(n) && n.text.size() > 1))) {
    return {};
  }
  if (is_integer(n)) {
    return {instead(
        n,
        std::to_string(std::stoll(std::string(n.text).substr(0, 17)) + 1))};
  }
  return {instead(n, fmt::format("(2 * {})", n.text))};
}

Changes eps(const Place& p) {
  const Piece& n = piece(p);
  if (!is_real(n) ||
      !(n.text.find("e-") != std::string_view::npos || about(p, {"eps"}))) {
    return {};
  }
  return {instead(n, fmt::format("(10 * {})", n.text))};
}

Changes axis(const Place& p) {
  const Piece& n = piece(p);
  const std::string_view call = call_around(p.code, p.at);
  if (!is_integer(n) ||
      !is_any(
          call,
          {"shape",
           "concatenate",
           "expand_dims",
           "squeeze",
           "softmax",
           "sum",
           "mean",
           "max",
           "min",
           "take",
           "argmax",
           "logsumexp",
           "stack",
           "repeat",
           "split",
           "moveaxis",
           "cumsum",
           "take_along_axis"}) ||
      !is_any(piece(p, 1).text, {")", ",", "}"})) {
    return {};
  }
  if (piece(p, -1).text == "-") {
    return {{piece(p, -1).offset, 1 + n.text.size(), "0"}};
  }
  return {instead(n, n.text == "0" ? "1" : "0")};
}

Changes swapped_arguments(const Place& p) {
  const bool list = piece(p).text == "{" && p.in_function &&
                    is_any(piece(p, -1).text, {"(", ",", "="});
  if (!list && !opens_call(p.code, p.at)) {
    return {};
  }
  Changes out;
  const auto all = arguments(p.code, p.at);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const auto [a, a_end] = all[i];
    const auto [b, b_end] = all[i + 1];
    const bool simple = end_of_operand(p.code, a) == a_end &&
                        end_of_operand(p.code, b) == b_end &&
                        p.code.at(a).kind == Kind::word &&
                        p.code.at(b).kind == Kind::word;
    const std::string first(p.code.text(a, a_end));
    const std::string second(p.code.text(b, b_end));
    if (simple && first != second &&
        !is_any(p.code.at(p.at - 1).text, {"min", "max", "swap"})) {
      out.push_back(instead(p.code, a, b_end, second + ", " + first));
    }
  }
  return out;
}

Changes sin_cos(const Place& p) {
  return piece(p, 1).text == "(" ? swapped(p, kTrigonometry) : Changes{};
}

Changes min_max(const Place& p) {
  return piece(p, 1).text == "(" ? swapped(p, kMinMax) : Changes{};
}

Changes wrong_end(const Place& p) {
  return piece(p, 1).text == "(" && piece(p, -1).text == "." ? swapped(p, kEnds)
                                                             : Changes{};
}

Changes rounding(const Place& p) {
  return piece(p, 1).text == "(" ? swapped(p, kRounding) : Changes{};
}

Changes logarithm(const Place& p) {
  return piece(p, 1).text == "(" ? swapped(p, kLogarithms) : Changes{};
}

Changes quantifier(const Place& p) {
  return swapped(p, kQuantifiers);
}

Changes clamp(const Place& p) {
  if (!is_any(piece(p).text, {"min", "max", "clamp", "minimum", "maximum"}) ||
      piece(p, -1).text != "::") {
    return {};
  }
  std::size_t open = p.at + 1;
  if (p.code.at(open).text == "<") {
    while (open < p.code.pieces().size() && p.code.at(open).text != "(") {
      ++open;
    }
  }
  const auto all = arguments(p.code, open);
  if (p.code.at(open).text != "(" || all.size() < 2) {
    return {};
  }
  const std::size_t begin = begin_of_operand(p.code, p.at + 1);
  Changes out;
  for (std::size_t i = 0; i < 2; ++i) {
    out.push_back(instead(
        p.code,
        begin,
        p.code.match(open) + 1,
        std::string(p.code.text(all[i].first, all[i].second))));
  }
  return out;
}

Changes window(const Place& p) {
  if (!about(p, {"hann", "window", "periodic"})) {
    return {};
  }
  if (is_integer(piece(p)) && is_any(piece(p, -1).text, {"+", "-"})) {
    return {drop(p.code, p.at - 1, p.at + 1)};
  }
  if (piece(p).text == "?" || piece(p).text == "denom") {
    return {};
  }
  return is_integer(piece(p)) ? Changes{instead(
                                    piece(p),
                                    fmt::format("({} + 1)", piece(p).text))}
                              : Changes{};
}

Changes padding(const Place& p) {
  if (!about(p, {"pad", "reflect", "prefix", "suffix"})) {
    return {};
  }
  if (piece(p).text == "pair" && piece(p, 1).text == "(") {
    const auto all = arguments(p.code, p.at + 1);
    if (all.size() == 2) {
      const std::string a(p.code.text(all[0].first, all[0].second));
      const std::string b(p.code.text(all[1].first, all[1].second));
      if (a != b) {
        return {instead(p.code, all[0].first, all[1].second, b + ", " + a)};
      }
    }
    return {};
  }
  const bool declares = piece(p, 1).text == "=" && piece(p, -1).text != ".";
  return declares || piece(p, 1).text == "(" ? Changes{} : swapped(p, kSides);
}

Changes side(const Place& p) {
  const bool member = is_any(piece(p, -1).text, {".", "->"});
  if (!member || piece(p, 1).text == "(") {
    return {};
  }
  return is_any(piece(p).text, {"first", "second"}) ? swapped(p, kSides)
                                                    : Changes{};
}

/// A call `f(x)` that is replaced by `x`; norms apart from the others.
Changes without_call(const Place& p, bool norm) {
  const std::size_t open = p.at + 1;
  if (piece(p).kind != Kind::word || !opens_call(p.code, open)) {
    return {};
  }
  const std::string_view name = piece(p).text;
  const bool is_norm = name == "ln" || name.find("_ln") != name.npos ||
                       name.find("ln_") != name.npos ||
                       name.find("norm") != name.npos;
  const auto all = arguments(p.code, open);
  if (is_norm != norm || all.size() != 1 || !p.in_function ||
      p.code.watches(name) ||
      is_any(
          name,
          {"move", "size", "sizeof", "span", "eval", "string", "decltype"})) {
    return {};
  }
  const std::size_t begin = begin_of_operand(p.code, p.at + 1);
  const std::string_view previous = p.code.at(begin - 1).text;
  if (!is_any(previous, {"(", ",", "=", "return", "+", "-", "*", "/", "{"})) {
    return {};
  }
  return {instead(
      p.code,
      begin,
      p.code.match(open) + 1,
      std::string(p.code.text(all[0].first, all[0].second)))};
}

Changes norm(const Place& p) {
  return without_call(p, true);
}

Changes dropped_call(const Place& p) {
  return without_call(p, false);
}

Changes wrong_default(const Place& p) {
  const bool member = !p.in_function && piece(p, -1).text == "=" &&
                      piece(p, -2).kind == Kind::word;
  const bool fallback = piece(p, -1).text == "(" &&
                        is_any(piece(p, -2).text, {"value_or", "value"});
  const Piece& v = piece(p);
  if (!(member || fallback) || v.directive) {
    return {};
  }
  if (v.kind == Kind::number) {
    return {instead(v, fmt::format("({} + 1)", v.text))};
  }
  if (is_any(v.text, {"true", "false"})) {
    return {instead(v, v.text == "true" ? "false" : "true")};
  }
  if (v.kind == Kind::string && v.text.size() > 2) {
    return {instead(v, "\"" + std::string(v.text.substr(2)))};
  }
  return {};
}

Changes bias(const Place& p) {
  if (piece(p).text == "bias" && piece(p, -1).text == "." &&
      piece(p, 1).text == "=") { // a designated initialiser
    std::size_t end = p.code.end_of_statement(p.at);
    for (std::size_t i = p.at; i < end; ++i) {
      if (p.code.at(i).text == ",") {
        end = i + 1;
        break;
      }
    }
    return {drop(p.code, p.at - 1, end)};
  }
  if (piece(p).spaced() && piece(p).text == "+" && about(p, {"bias"})) {
    const std::size_t end = end_of_operand(p.code, p.at + 1);
    if (end > p.at + 1) {
      return {drop(p.code, p.at, end)};
    }
  }
  return {};
}

Changes dropped_term(const Place& p) {
  if (!piece(p).spaced() || !is_any(piece(p).text, {"+", "-"})) {
    return {};
  }
  const std::size_t end = end_of_operand(p.code, p.at + 1);
  if (end == p.at + 1 || is_any(p.code.at(end).text, {"*", "/", "%"})) {
    return {};
  }
  return {drop(p.code, p.at, end)};
}

Changes dropped_factor(const Place& p) {
  if (!piece(p).spaced() || !is_any(piece(p).text, {"*", "/"}) ||
      !p.in_function) {
    return {};
  }
  const std::size_t end = end_of_operand(p.code, p.at + 1);
  if (end == p.at + 1) {
    return {};
  }
  return {drop(p.code, p.at, end)};
}

Changes shifted_id(const Place& p) {
  const std::string_view name = piece(p).text;
  const bool id = is_any(
      name,
      {"eot",
       "eot_",
       "sot",
       "sot_prev",
       "sot_lm",
       "no_speech",
       "no_timestamps",
       "no_timestamps_",
       "timestamp_begin",
       "timestamp_begin_",
       "transcribe",
       "translate",
       "token"});
  if (!id || !p.in_function ||
      !is_any(
          piece(p, 1).text,
          {")", ",", ";", "]", "-", "<", "<=", ">=", ">"}) ||
      is_any(piece(p, -1).text, {"int", "auto", "&", "size_t"})) {
    return {};
  }
  return {{piece(p).end(), 0, " + 1"}};
}

Changes text(const Place& p) {
  const Piece& s = piece(p);
  if (s.kind != Kind::string || s.text.size() < 3 || !s.text.starts_with('"') ||
      s.text.starts_with("\"[") || s.directive) {
    return {};
  }
  // A whole escape, if the text begins with one.
  const std::size_t n = s.text[1] == '\\' ? 2 : 1;
  return {{s.offset + 1, n, ""}};
}

Changes character(const Place& p) {
  const Piece& c = piece(p);
  if (c.kind != Kind::character || c.text.size() != 3) {
    return {};
  }
  return {instead(c, c.text[1] == '_' ? "'-'" : "'_'")};
}

Changes prompt(const Place& p) {
  if (!is_effect(p) ||
      !about(p, {"prompt", "prefix", "sot_sequence", "initial"})) {
    return {};
  }
  return drop_statement(p);
}

Changes stale_cache(const Place& p) {
  const bool here =
      is_effect(p) && about(p, {"cache", "reset", "clear", "erase", "gather"});
  return here ? drop_statement(p) : Changes{};
}

Changes mask(const Place& p) {
  if (piece(p).text == "mask" && piece(p, -1).text == "." &&
      piece(p, 1).text == "=" && is_any(piece(p, 2).text, {"true", "false"})) {
    return {
        instead(piece(p, 2), piece(p, 2).text == "true" ? "false" : "true")};
  }
  if (piece(p).text == "mask" && piece(p, -1).text == "." &&
      is_any(piece(p, 1).text, {")", ","})) {
    const std::size_t begin = begin_of_operand(p.code, p.at + 1);
    return {instead(
        p.code,
        begin,
        p.at + 1,
        fmt::format("!{}", p.code.text(begin, p.at + 1)))};
  }
  const bool here =
      is_effect(p) && about(p, {"mask", "knever", "infinity", "suppress"});
  return here ? drop_statement(p) : Changes{};
}

Changes dtype(const Place& p) {
  constexpr Swap kArrays[] = {{"float32", "float16"}, {"int32", "float32"}};
  const std::string_view t = piece(p).text;
  if (piece(p, -1).text == "::") {
    return swapped(p, kArrays);
  }
  if (t == "double" && p.in_function) {
    return {instead(piece(p), "float")};
  }
  if (t == "float" && p.in_function && piece(p, -1).text == "<" &&
      piece(p, -2).text == "static_cast") {
    return {instead(piece(p), "int")};
  }
  return {};
}

Changes dropped_statement(const Place& p) {
  return is_effect(p) ? drop_statement(p) : Changes{};
}

Changes jump(const Place& p) {
  if (piece(p, 1).text != ";") {
    return {};
  }
  if (piece(p).text == "break") {
    return {instead(p.code, p.at, p.at + 2, ";")};
  }
  return piece(p).text == "continue" ? Changes{instead(piece(p), "break")}
                                     : Changes{};
}

Changes loop(const Place& p) {
  if (piece(p).text != "for" || piece(p, 1).text != "(") {
    return {};
  }
  const std::size_t close = p.code.match(p.at + 1);
  const std::size_t first = p.code.end_of_statement(p.at + 2);
  if (p.code.at(first).text != ";" || first >= close) {
    return {}; // over a range
  }
  Changes out;
  for (std::size_t i = p.at + 2; i < first; ++i) {
    if (is_integer(p.code.at(i)) && p.code.at(i - 1).text == "=") {
      const int n = std::stoi(std::string(p.code.at(i).text).substr(0, 8));
      out.push_back(instead(p.code.at(i), std::to_string(n + 1)));
    }
  }
  const std::size_t second = p.code.end_of_statement(first + 1);
  for (std::size_t i = first + 1; i < second; ++i) {
    if (is_any(p.code.at(i).text, {"<", "<="}) && p.code.at(i).spaced()) {
      out.push_back(before(p.code.at(second), " - 1"));
    }
  }
  return out;
}

Changes division(const Place& p) {
  const bool cast = piece(p).text == "static_cast" && piece(p, 1).text == "<" &&
                    is_any(piece(p, 2).text, {"double", "float"}) &&
                    piece(p, 4).text == "(";
  if (cast) {
    const std::size_t close = p.code.match(p.at + 4);
    if (p.code.at(close + 1).text == "/" || piece(p, -1).text == "/") {
      return {instead(
          p.code,
          p.at,
          close + 1,
          "(" + std::string(p.code.text(p.at + 5, close)) + ")")};
    }
    return {};
  }
  if (piece(p).text.ends_with(".0") && piece(p, -1).text == "/") {
    std::string whole(piece(p).text);
    whole.resize(whole.size() - 2);
    return {instead(piece(p), whole)};
  }
  return {};
}

Changes factor(const Place& p) {
  constexpr Swap kSwaps[] = {{"*", "/"}, {"*=", "/="}};
  constexpr Swap kArrays[] = {{"multiply", "divide"}};
  if (piece(p, -1).text == "::") {
    return swapped(p, kArrays);
  }
  return piece(p).spaced() && p.in_function ? swapped(p, kSwaps) : Changes{};
}

Changes transpose(const Place& p) {
  if (!is_any(
          piece(p).text,
          {"transpose", "swapaxes", "moveaxis", "reshape"}) ||
      piece(p, 1).text != "(") {
    return {};
  }
  const auto all = arguments(p.code, p.at + 1);
  if (all.empty()) {
    return {};
  }
  const std::size_t begin = begin_of_operand(p.code, p.at + 1);
  Changes out;
  if (piece(p).text != "reshape") {
    out.push_back(instead(
        p.code,
        begin,
        p.code.match(p.at + 1) + 1,
        std::string(p.code.text(all[0].first, all[0].second))));
  }
  if (all.size() > 1 && p.code.at(all[1].first).text == "{") {
    const auto axes = arguments(p.code, all[1].first);
    for (std::size_t i = 0; i + 1 < axes.size(); ++i) {
      out.push_back(instead(
          p.code,
          axes[i].first,
          axes[i + 1].second,
          fmt::format(
              "{}, {}",
              p.code.text(axes[i + 1].first, axes[i + 1].second),
              p.code.text(axes[i].first, axes[i].second))));
    }
  }
  return out;
}

Changes branches(const Place& p) {
  if (piece(p).text != "?" || !piece(p).spaced()) {
    return {};
  }
  std::size_t colon = p.at + 1;
  for (; colon < p.code.pieces().size(); ++colon) {
    const std::string_view t = p.code.at(colon).text;
    if (is_any(t, {"(", "[", "{"})) {
      colon = p.code.match(colon);
    } else if (t == ":") {
      break;
    } else if (is_any(t, {"?", ";", ")", "]", "}"})) {
      return {};
    }
  }
  std::size_t end = colon + 1;
  for (; end < p.code.pieces().size(); ++end) {
    const std::string_view t = p.code.at(end).text;
    if (is_any(t, {"(", "[", "{"})) {
      end = p.code.match(end);
    } else if (is_any(t, {",", ";", ")", "]", "}"})) {
      break;
    } else if (t == "?") {
      return {};
    }
  }
  const std::string yes(p.code.text(p.at + 1, colon));
  const std::string no(p.code.text(colon + 1, end));
  return {instead(p.code, p.at + 1, end, no + " : " + yes)};
}

Changes negation(const Place& p) {
  return piece(p).text == "!" && !piece(p).space_after
             ? Changes{{piece(p).offset, 1, ""}}
             : Changes{};
}

Changes early_return(const Place& p) {
  // Of a loop: it is left after its first round.
  if (piece(p).text != "for" && piece(p).text != "while") {
    return {};
  }
  const std::size_t open = p.code.match(p.at + 1) + 1;
  if (p.code.at(open).text != "{") {
    return {};
  }
  return {before(p.code.at(p.code.match(open)), "break; ")};
}

constexpr Operator kOperators[] = {
    {"sign", "plus for minus", sign},
    {"boundary", "`<` for `<=`", boundary},
    {"equality", "`==` for `!=`", equality},
    {"logic", "`and` for `or`", logic},
    {"negation", "a `not` left out", negation},
    {"condition", "a condition turned round", condition},
    {"guard", "an early way out never taken", guard},
    {"branches", "the two results of a condition exchanged", branches},
    {"flag", "`true` for `false`", flag},
    {"quantifier", "any for all", quantifier},
    {"off-by-one", "an index or count one too large", off_by_one},
    {"loop", "a loop that begins late or ends early", loop},
    {"early-exit", "a loop that ends after one round", early_return},
    {"jump", "`break` left out or taken for `continue`", jump},
    {"constant", "a constant of another size", constant},
    {"eps", "an epsilon ten times too large", eps},
    {"default", "another default", wrong_default},
    {"scale", "multiplied for divided", factor},
    {"factor", "a factor left out", dropped_factor},
    {"bias", "a bias left out", bias},
    {"term", "a term left out", dropped_term},
    {"division", "whole numbers divided for real ones", division},
    {"rounding", "rounded another way", rounding},
    {"logarithm", "a logarithm of another base", logarithm},
    {"min-max", "the smallest for the largest", min_max},
    {"clamp", "a limit left out", clamp},
    {"axis", "another axis", axis},
    {"transpose", "not transposed, or dimensions exchanged", transpose},
    {"arguments", "two arguments exchanged", swapped_arguments},
    {"sin-cos", "sine for cosine", sin_cos},
    {"window", "a window of another length or symmetry", window},
    {"padding", "padded on the other side", padding},
    {"side", "the other of a pair", side},
    {"end", "the other end of a list", wrong_end},
    {"norm", "a norm left out", norm},
    {"call", "a function of one value left out", dropped_call},
    {"mask", "a mask left out or turned round", mask},
    {"cache", "a cache not kept or not emptied", stale_cache},
    {"prompt", "a part of the prompt left out", prompt},
    {"special-id", "a special id shifted by one", shifted_id},
    {"text", "a text without its first character", text},
    {"character", "another character", character},
    {"dtype", "another number type", dtype},
    {"statement", "a statement left out", dropped_statement},
};

constexpr WeightOperator kWeightOperators[] = {
    {"weight-zero-row", "a row of zeros"},
    {"weight-scale", "all of it doubled"},
    {"weight-swap", "exchanged with another tensor of its shape"},
    {"weight-transpose", "a square matrix transposed"},
    {"weight-roll", "rows shifted by one"},
    {"weight-negate", "its sign turned"},
    {"weight-dropped", "the tensor left out"},
};

} // namespace

std::span<const Operator> source_operators() {
  return kOperators;
}

std::span<const WeightOperator> weight_operators() {
  return kWeightOperators;
}

} // namespace portproof
