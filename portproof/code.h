// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "portproof/lexer.h"

namespace portproof {

/// A function, lambda or loop in C++ source, by positions of its tokens.
struct Region {
  enum class Kind { function, lambda, loop };
  Kind kind = Kind::function;
  std::string name;      ///< of a function; `operator()` too
  std::size_t start = 0; ///< of the whole, with its name or keyword
  std::size_t head = 0;  ///< opening parenthesis of parameters or header
  std::size_t first = 0; ///< the body is [first, last)
  std::size_t last = 0;
};

/// C++ source as tokens with their brackets matched and its functions and
/// loops found. Works on the text alone, so it needs no headers; comments and
/// preprocessor directives are left out.
class Code {
 public:
  /// \param source must outlive this
  explicit Code(std::string_view source);

  std::size_t size() const {
    return tokens_.size();
  }
  const Token& token(std::size_t i) const {
    return tokens_[i];
  }
  /// Text of a token; empty beyond either end.
  std::string_view text(std::size_t i) const {
    return i < tokens_.size() ? tokens_[i].text : std::string_view();
  }
  bool is_word(std::size_t i) const {
    return i < tokens_.size() && tokens_[i].kind == Token::Kind::word;
  }
  /// The bracket that belongs to the one at `i`; `size()` if there is none.
  std::size_t match(std::size_t i) const {
    return match_[i];
  }
  const std::vector<Region>& regions() const {
    return regions_;
  }

  /// Whether the word at `i` is called: `word(` or `word<...>(`. Gives the
  /// position of the parenthesis, else 0.
  std::size_t call(std::size_t i) const;
  /// Begin and end of each argument between the parenthesis at `open` and its
  /// match.
  std::vector<std::pair<std::size_t, std::size_t>> arguments(
      std::size_t open) const;
  /// The word before a bracket, or the name of an operator.
  std::string name_before(std::size_t open) const;

  /// The innermost loop whose body or step has token `i`, or null.
  const Region* loop_at(std::size_t i) const;
  /// The innermost function with a name that has token `i`, or null.
  const Region* function_at(std::size_t i) const;
  /// Where the statement with token `i` begins.
  std::size_t statement(std::size_t i) const;
  /// Names that change from one pass of a loop to the next: declared or
  /// assigned in it.
  std::set<std::string> changing(const Region& loop) const;
  /// A stretch of code as one text, without blank space.
  std::string joined(std::size_t first, std::size_t last) const;

 private:
  void match_brackets();
  void find_blocks();
  void find_loops();
  std::size_t end_of_statement(std::size_t i) const;
  std::size_t parameters_before(std::size_t brace) const;

  std::vector<Token> tokens_;
  std::vector<std::size_t> match_;
  std::vector<Region> regions_;
};

} // namespace portproof
