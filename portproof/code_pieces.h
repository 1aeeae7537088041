// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "portproof/lexer.h"

namespace portproof {

/// A token, with the operators of two characters put together.
struct Piece {
  Token::Kind kind = Token::Kind::word;
  std::string_view text;
  std::size_t offset = 0;
  int line = 1;
  bool directive = false;
  /// Blank space on either side, which tells `a < b` from `vector<b>`.
  bool space_before = false, space_after = false;

  std::size_t end() const {
    return offset + text.size();
  }
  bool spaced() const {
    return space_before && space_after;
  }
};

/// A C++ file cut into pieces, without its comments.
class CodePieces {
 public:
  /// \param checks functions that only refuse bad arguments; what is in a
  /// call of them is `refusing`
  /// \param watches functions that look at a value and give it back
  explicit CodePieces(
      std::string_view text,
      const std::vector<std::string>& checks = {},
      std::vector<std::string> watches = {});

  const std::vector<Piece>& pieces() const {
    return pieces_;
  }
  /// A piece; past the end or before the start an empty one.
  const Piece& at(std::size_t i) const;
  std::string_view text() const {
    return text_;
  }
  /// The text from a piece to before another.
  std::string_view text(std::size_t first, std::size_t last) const;
  /// The text of a line, in lower case.
  std::string line(int number) const;

  /// The bracket that closes or opens the one at `i`; itself if there is none.
  std::size_t match(std::size_t i) const;
  /// The semicolon that ends the statement at `i`, or the closing bracket
  /// around it.
  std::size_t end_of_statement(std::size_t i) const;
  bool begins_statement(std::size_t i) const;
  /// Whether `i` only refuses: part of a `throw`, of the condition before a
  /// block that does nothing else, or of a call of a check.
  bool refusing(std::size_t i) const;
  /// Whether a call of `name` gives back what it is given.
  bool watches(std::string_view name) const;

 private:
  void find_lines();
  void find_pieces();
  void find_brackets();
  void find_refusals(const std::vector<std::string>& checks);

  std::string_view text_;
  std::vector<std::size_t> lines_; ///< where each begins
  std::vector<Piece> pieces_;
  std::vector<std::size_t> match_;
  std::vector<bool> refusing_;
  std::vector<std::string> watches_;
};

} // namespace portproof
