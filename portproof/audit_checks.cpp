// SPDX-License-Identifier: MIT
#include "portproof/audit_checks.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "portproof/audit.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using Words = std::initializer_list<std::string_view>;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Whether the word at `i` calls one of `names`, as a free function or a
/// method. Gives the parenthesis, else 0.
std::size_t calls(const Code& c, std::size_t i, Words names) {
  return is_any(c.text(i), names) ? c.call(i) : 0;
}

/// The same, but not as a method of something.
std::size_t calls_free(const Code& c, std::size_t i, Words names) {
  const bool method = i > 0 && (c.text(i - 1) == "." || c.text(i - 1) == ">");
  return method ? 0 : calls(c, i, names);
}

/// Positions within a region where one of `names` is called.
std::vector<std::size_t> calls_in(const Code& c, const Region& r, Words names) {
  std::vector<std::size_t> out;
  for (std::size_t i = r.first; i < r.last; ++i) {
    if (calls(c, i, names) != 0) {
      out.push_back(i);
    }
  }
  return out;
}

/// Functions that run once for a model or a file, where nothing is hot.
bool runs_once(const Region* function) {
  if (function == nullptr) {
    return true; // an initializer of a member or a global
  }
  static constexpr std::array kParts = {
      "load",
      "sanitize",
      "convert",
      "import",
      "export",
      "init",
      "from_file",
      "prepare",
      "declare"};
  return std::any_of(kParts.begin(), kParts.end(), [&](const char* part) {
    return contains(function->name, part);
  });
}

/// The loop around a token, if its function is not one that runs once.
const Region* hot_loop(const Code& c, std::size_t i) {
  return runs_once(c.function_at(i)) ? nullptr : c.loop_at(i);
}

bool is_float(std::string_view number) {
  const bool hex = number.starts_with("0x") || number.starts_with("0X");
  return !hex && (contains(number, ".") || number.ends_with("f") ||
                  number.ends_with("F") || contains(number, "e"));
}

/// Names of arrays that a function declares or takes.
std::set<std::string> arrays_of(const Code& c, const Region& function) {
  std::set<std::string> out;
  for (std::size_t i = function.start; i < function.last; ++i) {
    if (c.text(i) == "array" || c.text(i) == "Maybe") {
      std::size_t name = i + 1;
      name += c.text(name) == "&" ? 1 : 0;
      const bool one = c.is_word(name) && c.call(name) == 0;
      if (one || (c.is_word(name) && c.text(name + 1) == "(")) {
        out.insert(std::string(c.text(name)));
      }
    }
    const bool made = c.text(i) == "auto" || c.text(i) == "&";
    if (made && c.is_word(i + 1) && c.text(i + 2) == "=" &&
        (c.text(i + 3) == "mx" || c.text(i + 3) == "ops")) {
      out.insert(std::string(c.text(i + 1)));
    }
  }
  return out;
}

bool any_word(
    const Code& c,
    std::size_t first,
    std::size_t last,
    const std::function<bool(const std::string&)>& is) {
  for (std::size_t i = first; i < last; ++i) {
    if (c.is_word(i) && is(std::string(c.text(i)))) {
      return true;
    }
  }
  return false;
}

// --- fused operations --------------------------------------------------------

void fused(const Code& c, const Report& report) {
  for (const Region& f : c.regions()) {
    if (f.kind != Region::Kind::function) {
      continue;
    }
    const auto softmaxes = calls_in(c, f, {"softmax"});
    const auto products = calls_in(c, f, {"matmul", "einsum"});
    const bool whole =
        !calls_in(c, f, {"scaled_dot_product_attention"}).empty();
    for (const std::size_t s : softmaxes) {
      const std::size_t inside = c.match(c.call(s));
      const bool before =
          std::any_of(products.begin(), products.end(), [&](std::size_t p) {
            return p < inside;
          });
      const bool after =
          std::any_of(products.begin(), products.end(), [&](std::size_t p) {
            return p > inside || (p < s && c.match(c.call(p)) > s);
          });
      if (before && after && products.size() > 1 && !whole) {
        report("attention-by-hand", s, "softmax between two products");
      }
    }
    const auto means = calls_in(c, f, {"mean"});
    const auto squares = calls_in(c, f, {"var", "square", "power"});
    const auto roots = calls_in(c, f, {"rsqrt", "sqrt"});
    if (!means.empty() && !roots.empty() &&
        (!squares.empty() || means.size() > 1) &&
        calls_in(c, f, {"layer_norm", "rms_norm"}).empty()) {
      report("norm-by-hand", means.front(), "mean, variance and root");
    }
    const auto cosines = calls_in(c, f, {"cos"});
    const auto sines = calls_in(c, f, {"sin"});
    const auto joins = calls_in(c, f, {"concatenate", "stack"});
    const auto parts = calls_in(c, f, {"split", "slice"});
    const bool negates = !calls_in(c, f, {"negative", "subtract"}).empty();
    if (!cosines.empty() && !sines.empty() && !joins.empty() &&
        (!parts.empty() || negates) && calls_in(c, f, {"rope"}).empty()) {
      report("rope-by-hand", cosines.front(), "a rotation by cos and sin");
    }
    for (const std::size_t i : calls_in(c, f, {"erf"})) {
      report("activation-by-hand", i, "GELU by way of erf");
    }
    for (const std::size_t i : calls_in(c, f, {"sigmoid"})) {
      const std::size_t open = c.call(i);
      const std::string x = c.joined(open + 1, c.match(open));
      const std::size_t end = c.match(open);
      const std::string near =
          c.joined(c.statement(i), i) + "|" + c.joined(end + 1, end + 8);
      if (!x.empty() && (contains(near, "multiply(" + x + ",") ||
                         contains(near, x + "*") || contains(near, "|*" + x))) {
        report("activation-by-hand", i, "SiLU as x * sigmoid(x)");
      }
    }
    for (const std::size_t i : calls_in(c, f, {"log"})) {
      const std::size_t open = c.call(i);
      for (std::size_t k = open; k < c.match(open) && k < open + 6; ++k) {
        if (calls(c, k, {"softmax"}) != 0) {
          report("log-of-softmax", i, "log(softmax(...))");
        }
      }
    }
  }
}

// --- loops
// ---------------------------------------------------------------------

/// Functions of this source that wait for the host.
std::set<std::string> waiting_functions(const Code& c) {
  std::set<std::string> out;
  for (const Region& f : c.regions()) {
    if (f.kind != Region::Kind::function || f.name.starts_with("operator")) {
      continue;
    }
    for (std::size_t i = f.first; i < f.last; ++i) {
      if (calls(c, i, {"item", "eval"}) != 0) {
        out.insert(f.name);
      }
    }
  }
  return out;
}

void grown_cache(const Code& c, std::size_t i, const Report& report) {
  const std::size_t open = calls(c, i, {"concatenate"});
  if (open == 0 || c.text(open + 1) != "{") {
    return;
  }
  // `name = mx::concatenate({name, more}, axis)`, and what a member holds.
  const std::size_t begin = c.statement(i);
  std::size_t equals = begin;
  while (equals < i && c.text(equals) != "=") {
    ++equals;
  }
  const std::string target =
      equals < i ? c.joined(begin, equals) : std::string();
  const auto parts = c.arguments(open + 1);
  std::string first =
      parts.empty() ? "" : c.joined(parts.front().first, parts.front().second);
  first.erase(0, std::min(first.find_first_not_of('*'), first.size()));
  const bool kept = first.ends_with('_') || contains(first, "cache");
  const bool itself = first == target && hot_loop(c, i) != nullptr;
  if (kept || itself) {
    report(
        "grown-cache",
        i,
        fmt::format("`{}` is copied to grow by a step", first));
    return;
  }
  if (hot_loop(c, i) != nullptr) {
    report("grown-cache", i, "concatenate in a loop");
  }
}

void constant_in_loop(const Code& c, std::size_t i, const Report& report) {
  const bool qualified = i > 1 && c.text(i - 1) == ":";
  std::size_t open = calls_free(
      c,
      i,
      {"arange", "zeros", "ones", "full", "linspace", "eye", "tri"});
  if (open == 0 && c.text(i) == "array" && qualified) {
    open = c.call(i);
  }
  const Region* loop = hot_loop(c, i);
  if (open == 0 || !qualified || loop == nullptr) {
    return;
  }
  const std::set<std::string> changing = c.changing(*loop);
  const bool varies =
      any_word(c, open + 1, c.match(open), [&](const std::string& word) {
        return changing.contains(word);
      });
  const bool empty = c.match(open) == open + 1;
  if (!varies && !empty) {
    report(
        "constant-in-loop",
        i,
        fmt::format("`{}` is the same in each pass", c.text(i)));
  }
}

void element_loop(const Code& c, std::size_t i, const Report& report) {
  const std::size_t open =
      calls_free(c, i, {"slice", "take", "take_along_axis"});
  const bool qualified = i > 1 && c.text(i - 1) == ":";
  const Region* loop = hot_loop(c, i);
  if (open == 0 || !qualified || loop == nullptr ||
      c.text(loop->start) != "for") {
    return;
  }
  // A counting loop whose counter picks the element.
  std::string counter;
  for (std::size_t k = loop->head; k + 1 < loop->first; ++k) {
    if (c.is_word(k) && c.text(k + 1) == "=") {
      counter = c.text(k);
      break;
    }
    if (c.text(k) == ";" || c.text(k) == ":") {
      break;
    }
  }
  const bool picks =
      !counter.empty() &&
      any_word(c, open + 1, c.match(open), [&](const std::string& w) {
        return w == counter;
      });
  if (picks) {
    report(
        "element-loop",
        i,
        fmt::format("`{}` takes one element in each pass", c.text(i)));
  }
}

void text_in_loop(const Code& c, std::size_t i, const Report& report) {
  const bool text = calls(c, i, {"format", "to_string", "dump", "Json"}) != 0;
  const Region* loop = hot_loop(c, i);
  if (!text || loop == nullptr) {
    return;
  }
  // What an error says is made once.
  const std::string statement = c.joined(c.statement(i), i);
  if (contains(statement, "throw") || contains(statement, "Error(")) {
    return;
  }
  for (std::size_t k = loop->first; k < loop->last; ++k) {
    const bool array_work =
        c.text(k) == "mx" && c.text(k + 1) == ":" && c.call(k + 3) != 0;
    if (array_work) {
      report(
          "text-in-loop",
          i,
          fmt::format("`{}` beside array work", c.text(i)));
      return;
    }
  }
}

void loops(const Code& c, const Report& report) {
  const std::set<std::string> waiting = waiting_functions(c);
  for (std::size_t i = 0; i < c.size(); ++i) {
    grown_cache(c, i, report);
    constant_in_loop(c, i, report);
    element_loop(c, i, report);
    text_in_loop(c, i, report);
    if (hot_loop(c, i) == nullptr) {
      continue;
    }
    if (calls(c, i, {"item", "eval"}) != 0) {
      report(
          "sync-in-loop",
          i,
          fmt::format("`{}` waits for the device", c.text(i)));
    } else if (
        c.call(i) != 0 && waiting.contains(std::string(c.text(i))) &&
        c.function_at(i)->name != c.text(i)) {
      report(
          "sync-in-loop",
          i,
          fmt::format("`{}` waits for the device, in a loop", c.text(i)));
    }
    if (calls(c, i, {"astype"}) != 0) {
      report("cast-in-loop", i, "astype in a loop");
    }
    if (calls_free(c, i, {"contiguous", "copy"}) != 0 && i > 1 &&
        c.text(i - 1) == ":" && c.text(i - 3) != "std") {
      report("copy-in-loop", i, fmt::format("`{}` in a loop", c.text(i)));
    }
  }
}

// --- types
// -----------------------------------------------------------------------

void scalar_constructor(const Code& c, std::size_t i, const Report& report) {
  const bool qualified = i > 2 && c.text(i - 1) == ":" && c.text(i - 3) == "mx";
  const std::size_t open = c.text(i) == "array" && qualified ? c.call(i) : 0;
  if (open == 0 || c.arguments(open).size() != 1) {
    return;
  }
  for (std::size_t k = open + 1; k < c.match(open); ++k) {
    const bool number =
        c.token(k).kind == Token::Kind::number && is_float(c.text(k));
    if (number || c.text(k) == "static_cast") {
      const bool to_float =
          number || is_any(c.text(k + 2), {"float", "double"});
      if (to_float) {
        report("f32-scalar", i, "a scalar array without a type");
        return;
      }
    }
  }
}

void scalar_operand(
    const Code& c,
    std::size_t i,
    const std::map<const Region*, std::set<std::string>>& arrays,
    const Report& report) {
  const Token& t = c.token(i);
  if (t.kind != Token::Kind::number || !is_float(t.text)) {
    return;
  }
  const auto it = arrays.find(c.function_at(i));
  if (it == arrays.end()) {
    return;
  }
  const auto is_array = [&](std::size_t k, bool before) {
    // A member or element of something else is not that array.
    if (!c.is_word(k) || !it->second.contains(std::string(c.text(k)))) {
      return false;
    }
    return before ? !is_any(c.text(k - 1), {".", ">"})
                  : !is_any(c.text(k + 1), {".", "-", "[", "("});
  };
  const auto is_sign = [&](std::size_t k) {
    return is_any(c.text(k), {"*", "/", "+", "-"});
  };
  const bool right = i > 1 && is_sign(i - 1) && is_array(i - 2, true);
  const bool left = is_sign(i + 1) && is_array(i + 2, false);
  // mx::exp(x) * 0.5f
  bool result = false;
  if (i > 1 && is_sign(i - 1) && c.text(i - 2) == ")" &&
      c.match(i - 2) < c.size()) {
    const std::size_t open = c.match(i - 2);
    result = open > 3 && c.is_word(open - 1) && c.text(open - 2) == ":" &&
             c.text(open - 4) == "mx" && !is_any(c.text(open - 1), {"Shape"});
  }
  if (right || left || result) {
    report("f32-scalar", i, fmt::format("the operand `{}`", t.text));
  }
}

void types(const Code& c, const Report& report) {
  std::map<const Region*, std::set<std::string>> arrays;
  for (const Region& f : c.regions()) {
    if (f.kind == Region::Kind::function) {
      arrays[&f] = arrays_of(c, f);
    }
  }
  for (std::size_t i = 0; i < c.size(); ++i) {
    scalar_constructor(c, i, report);
    scalar_operand(c, i, arrays, report);
    // A table of types names them all.
    const bool named = i > 3 && is_any(c.text(i - 4), {"return", ":", ","});
    if (c.text(i) == "float64" && i > 2 && c.text(i - 3) == "mx" &&
        (!named || c.text(i + 1) == ")")) {
      report("float64-array", i, "a float64 array");
    }
  }
}

// --- layouts
// -------------------------------------------------------------------------

bool turns(const Code& c, std::size_t i) {
  return calls(c, i, {"transpose", "swapaxes", "moveaxis"}) != 0;
}

void layouts(const Code& c, const Report& report) {
  for (std::size_t i = 0; i < c.size(); ++i) {
    const std::size_t conv = calls_free(
        c,
        i,
        {"conv1d", "conv2d", "conv3d", "conv_general", "conv_transpose1d"});
    if (conv != 0 && c.function_at(i) != nullptr) {
      const auto arguments = c.arguments(conv);
      for (std::size_t k = conv;
           !arguments.empty() && k < arguments.front().second;
           ++k) {
        if (turns(c, k)) {
          report(
              "layout-around-conv",
              i,
              fmt::format("the input of `{}` is turned", c.text(i)));
          break;
        }
      }
    }
    if (turns(c, i) && !runs_once(c.function_at(i))) {
      const std::size_t open = c.call(i);
      const bool method = i > 0 && c.text(i - 1) == ".";
      const std::size_t first = method ? c.statement(i) : open + 1;
      const std::size_t last = method ? i : c.match(open);
      const bool weight = any_word(c, first, last, [](const std::string& word) {
        return contains(word, "weight") || contains(word, "kernel") ||
               contains(word, "filters") || word == "W" || word == "w_";
      });
      if (weight) {
        report("weight-turned-per-call", i, "weights are turned at each call");
      }
    }
    const Region* f = c.function_at(i);
    const bool forward =
        f != nullptr &&
        is_any(f->name, {"operator()", "forward", "step", "encode", "decode"});
    if (forward && i >= f->first && hot_loop(c, i) == nullptr &&
        calls_free(c, i, {"arange", "triu", "tril", "linspace", "hanning"}) !=
            0) {
      report(
          "table-per-call",
          i,
          fmt::format("`{}` is made at each call", c.text(i)));
    }
  }
}

// --- state
// ---------------------------------------------------------------------------

void state(const Code& c, const Report& report) {
  for (std::size_t i = 0; i < c.size(); ++i) {
    const bool in_random = i > 2 && c.text(i - 1) == ":" &&
                           c.text(i - 3) == "random" && c.call(i) != 0;
    if (in_random && c.text(i) == "seed") {
      report("global-random", i, "the seed of the whole program is set");
    } else if (in_random && c.text(i) != "key" && c.text(i) != "split") {
      const std::size_t open = c.call(i);
      const bool keyed =
          any_word(c, open + 1, c.match(open), [](const std::string& word) {
            return contains(word, "key") || contains(word, "Key");
          });
      if (!keyed) {
        report(
            "global-random",
            i,
            fmt::format("`random::{}` without a key", c.text(i)));
      }
    }
    const bool is_static = c.text(i) == "static" || c.text(i) == "thread_local";
    if (is_static) {
      std::size_t k = i + 1;
      while (is_any(
          c.text(k),
          {"const", "inline", "thread_local", "mx", ":", "constexpr"})) {
        ++k;
      }
      if (c.text(k) == "array" && c.is_word(k + 1) && c.text(k + 2) != "(") {
        report("static-array", i, "an array that lives for ever");
      }
    }
    // Weights ledger(checkpoint); ... and nobody asks what was left over.
    const bool made = c.text(i) == "Weights" && c.is_word(i + 1) &&
                      is_any(c.text(i + 2), {"(", "{"}) &&
                      c.function_at(i) != nullptr &&
                      i >= c.function_at(i)->first;
    const bool shared = c.text(i) == "make_shared" &&
                        c.text(i + 2) == "Weights" &&
                        c.function_at(i) != nullptr;
    if (made || shared) {
      const Region& f = *c.function_at(i);
      const std::size_t open = made ? i + 2 : c.call(i);
      const bool others =
          c.match(open) < c.size() &&
          any_word(c, open, c.match(open), [](const std::string& w) {
            return w == "dry" || w == "move";
          });
      const bool finished =
          any_word(c, f.first, f.last, [](const std::string& w) {
            return w == "finish";
          });
      if (!finished && !others) {
        report("unfinished-weights", i, "a ledger that nobody closes");
      }
    }
  }
}

} // namespace

void run_checks(const Code& code, const Report& report) {
  fused(code, report);
  loops(code, report);
  types(code, report);
  layouts(code, report);
  state(code, report);
}

} // namespace portproof
