// SPDX-License-Identifier: MIT
#include "portproof/code.h"

#include <algorithm>
#include <iterator>

#include "portproof/text.h"

namespace portproof {
namespace {

bool is_open(std::string_view t) {
  return t == "(" || t == "[" || t == "{";
}
bool is_close(std::string_view t) {
  return t == ")" || t == "]" || t == "}";
}

} // namespace

Code::Code(std::string_view source) {
  const std::vector<Token> all = lex(source);
  std::copy_if(
      all.begin(),
      all.end(),
      std::back_inserter(tokens_),
      [](const Token& t) {
        return t.kind != Token::Kind::comment && !t.directive;
      });
  match_brackets();
  find_blocks();
  find_loops();
}

void Code::match_brackets() {
  match_.assign(size(), size());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < size(); ++i) {
    if (tokens_[i].kind != Token::Kind::punctuation) {
      continue;
    }
    if (is_open(text(i))) {
      open.push_back(i);
    } else if (is_close(text(i)) && !open.empty()) {
      match_[i] = open.back();
      match_[open.back()] = i;
      open.pop_back();
    }
  }
}

std::string Code::name_before(std::size_t open) const {
  if (open == 0) {
    return {};
  }
  if (is_word(open - 1)) {
    return std::string(text(open - 1));
  }
  // `operator()(`, `operator+(`: the word is a few tokens back.
  for (std::size_t back = 2; back <= 4 && back <= open; ++back) {
    if (text(open - back) == "operator") {
      return joined(open - back, open);
    }
  }
  return {};
}

/// The parenthesis that opens the parameters of the function whose body the
/// brace opens; `size()` if it opens no function's body.
std::size_t Code::parameters_before(std::size_t brace) const {
  constexpr std::size_t kLongest = 24; // tokens of a type after `->`
  std::size_t at = brace;
  for (std::size_t n = 0; at > 0 && n < kLongest; ++n) {
    const std::string_view t = text(at - 1);
    if (t == ")") {
      const std::size_t open = match_[at - 1];
      if (open >= size()) {
        return size();
      }
      if (is_any(name_before(open), {"noexcept", "decltype", "requires"})) {
        at = open - 1;
        continue;
      }
      return open;
    }
    const bool of_a_type = is_word(at - 1) || t == ":" || t == "<" ||
                           t == ">" || t == "&" || t == "*" || t == "-" ||
                           t == ",";
    if (!of_a_type || is_any(t, {"return", "else", "do", "try", "namespace"})) {
      return size();
    }
    --at;
  }
  return size();
}

void Code::find_blocks() {
  for (std::size_t brace = 0; brace < size(); ++brace) {
    if (text(brace) != "{" || match_[brace] >= size() || brace == 0) {
      continue;
    }
    Region r;
    r.first = brace + 1;
    r.last = match_[brace];
    if (text(brace - 1) == "]") {
      r.kind = Region::Kind::lambda;
      r.start = r.head = match_[brace - 1];
      if (r.start < size()) {
        regions_.push_back(r);
      }
      continue;
    }
    std::size_t open = parameters_before(brace);
    if (open >= size() || open == 0) {
      continue;
    }
    if (text(open - 1) == "]" && match_[open - 1] < size()) {
      r.kind = Region::Kind::lambda;
      r.start = match_[open - 1];
      r.head = open;
      regions_.push_back(r);
      continue;
    }
    // Initializers of a constructor: `Name(int a) : a_(a), b_{} {`.
    while (open > 1 && is_word(open - 1) &&
           (text(open - 2) == "," ||
            (text(open - 2) == ":" && text(open - 3) != ":"))) {
      std::size_t before = open - 3;
      if (!is_close(text(before)) || match_[before] >= size()) {
        break;
      }
      open = match_[before];
    }
    r.name = name_before(open);
    if (r.name.empty() ||
        is_any(
            r.name,
            {"if", "switch", "catch", "for", "while", "return", "constexpr"})) {
      continue;
    }
    r.head = open;
    r.start = statement(open);
    regions_.push_back(r);
  }
}

std::size_t Code::end_of_statement(std::size_t i) const {
  if (text(i) == "{") {
    return std::min(match_[i] + 1, size());
  }
  if (is_any(text(i), {"for", "while", "if", "switch"})) {
    std::size_t open = i + 1;
    open += text(open) == "constexpr" ? 1 : 0;
    if (text(open) == "(" && match_[open] < size()) {
      std::size_t end = end_of_statement(match_[open] + 1);
      if (text(i) == "if" && text(end) == "else") {
        end = end_of_statement(end + 1);
      }
      return end;
    }
  }
  for (; i < size(); ++i) {
    if (is_open(text(i)) && match_[i] < size()) {
      i = match_[i];
    } else if (text(i) == ";") {
      return i + 1;
    } else if (is_close(text(i))) {
      return i;
    }
  }
  return size();
}

void Code::find_loops() {
  for (std::size_t i = 0; i < size(); ++i) {
    Region r;
    r.kind = Region::Kind::loop;
    r.start = i;
    if (text(i) == "do" && text(i + 1) == "{") {
      r.head = i;
      r.first = i + 2;
      r.last = match_[i + 1];
    } else if (
        (text(i) == "for" || text(i) == "while") && text(i + 1) == "(" &&
        match_[i + 1] < size() && text(match_[i + 1] + 1) != ";") {
      r.head = i + 1;
      r.first = match_[i + 1] + 1;
      r.last = end_of_statement(r.first);
    } else {
      continue;
    }
    r.last = std::min(r.last, size());
    regions_.push_back(r);
  }
}

std::size_t Code::call(std::size_t i) const {
  if (!is_word(i)) {
    return 0;
  }
  std::size_t at = i + 1;
  if (text(at) == "<") {
    int depth = 0;
    for (constexpr std::size_t kMost = 16; at < size() && at < i + kMost;
         ++at) {
      depth += text(at) == "<" ? 1 : 0;
      depth -= text(at) == ">" ? 1 : 0;
      if (depth == 0) {
        ++at;
        break;
      }
    }
  }
  return text(at) == "(" && match_[at] < size() ? at : 0;
}

std::vector<std::pair<std::size_t, std::size_t>> Code::arguments(
    std::size_t open) const {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  std::size_t begin = open + 1;
  for (std::size_t i = begin; i < size() && i <= match_[open]; ++i) {
    if (i == match_[open] || text(i) == ",") {
      if (i > begin) {
        out.emplace_back(begin, i);
      }
      begin = i + 1;
    } else if (is_open(text(i)) && match_[i] < size()) {
      i = match_[i];
    }
  }
  return out;
}

const Region* Code::loop_at(std::size_t i) const {
  const Region* found = nullptr;
  for (const Region& r : regions_) {
    if (r.kind != Region::Kind::loop) {
      continue;
    }
    // What a `while` asks is computed in each pass; what a `for` goes through
    // is computed once.
    const bool asks = text(r.start) == "while" && i > r.head && i < r.first;
    if ((asks || (i >= r.first && i < r.last)) &&
        (found == nullptr || r.first > found->first)) {
      found = &r;
    }
  }
  return found;
}

const Region* Code::function_at(std::size_t i) const {
  const Region* found = nullptr;
  for (const Region& r : regions_) {
    if (r.kind == Region::Kind::function && i >= r.start && i < r.last &&
        (found == nullptr || r.start > found->start)) {
      found = &r;
    }
  }
  return found;
}

std::size_t Code::statement(std::size_t i) const {
  while (i > 0) {
    const std::string_view t = text(i - 1);
    if (t == ";" || t == "{" || t == "}") {
      break;
    }
    i = is_close(t) && match_[i - 1] < size() ? match_[i - 1] : i - 1;
  }
  return i;
}

std::set<std::string> Code::changing(const Region& loop) const {
  std::set<std::string> out;
  for (std::size_t i = loop.start; i < loop.last; ++i) {
    if (!is_word(i)) {
      continue;
    }
    const std::string_view next = text(i + 1);
    const std::string_view after = text(i + 2);
    const bool assigned =
        (next == "=" && after != "=") ||
        (is_any(next, {"+", "-", "*", "/", "|", "&", "%"}) && after == "=");
    const bool stepped = (next == "+" && after == "+") ||
                         (next == "-" && after == "-") ||
                         (i > 1 && text(i - 1) == text(i - 2) &&
                          is_any(text(i - 1), {"+", "-"}));
    const bool ranged = next == ":" && after != ":" && i < loop.first;
    const bool declared =
        i > 0 && (is_word(i - 1) || text(i - 1) == "&" || text(i - 1) == ">") &&
        is_any(next, {"{", "(", ";"}) &&
        !is_any(text(i - 1), {"return", "else", "case", "throw"});
    const bool bound = is_any(next, {",", "]"}) && i > 0 &&
                       is_any(text(i - 1), {"[", ","}) && i < loop.first;
    if (assigned || stepped || ranged || declared || bound) {
      out.insert(std::string(text(i)));
    }
  }
  return out;
}

std::string Code::joined(std::size_t first, std::size_t last) const {
  std::string out;
  for (std::size_t i = first; i < last && i < size(); ++i) {
    out += text(i);
  }
  return out;
}

} // namespace portproof
