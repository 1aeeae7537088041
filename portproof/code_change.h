// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portproof/code_pieces.h"

namespace portproof {

using Names = std::initializer_list<std::string_view>;

/// Where an operator applies, and what it puts there.
struct Change {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string after;
};

/// What an operator is told of the place that it looks at.
struct Place {
  const CodePieces& code;
  std::size_t at = 0;       ///< index of the piece
  std::string_view symbol;  ///< of the definition around it
  bool in_function = false; ///< else among the members of a class
};

using Changes = std::vector<Change>;

/// The piece so many after the place's own.
const Piece& piece(const Place& p, int ahead = 0);
/// Whether one of the words is somewhere in the line or the symbol.
bool about(const Place& p, Names words);

bool is_integer(const Piece& p);
bool is_real(const Piece& p);

/// Puts other text in place of a piece.
Change instead(const Piece& p, std::string after);
/// The same for the pieces from `first` to before `last`.
Change instead(
    const CodePieces& code,
    std::size_t first,
    std::size_t last,
    std::string after);
/// Puts text before a piece.
Change before(const Piece& p, std::string text);
/// Takes out the pieces from `first` to before `last`, with the blank space
/// that follows.
Change drop(const CodePieces& code, std::size_t first, std::size_t last);

/// Where an operand that begins at `i` ends: names, members, calls, indices.
/// `i` itself: there is none.
std::size_t end_of_operand(const CodePieces& code, std::size_t i);
/// Where the operand that ends before `i` begins; `i` itself: there is none.
std::size_t begin_of_operand(const CodePieces& code, std::size_t i);

/// The arguments between the brackets that open at `open`: first piece, and
/// the one after the last.
std::vector<std::pair<std::size_t, std::size_t>> arguments(
    const CodePieces& code, std::size_t open);
/// Whether `i` opens the arguments of a call, not a condition.
bool opens_call(const CodePieces& code, std::size_t i);
/// The name of the function whose arguments `i` is directly in, or "".
std::string_view call_around(const CodePieces& code, std::size_t i);

/// Whether an expression statement begins here: an assignment, or a call whose
/// result nobody takes.
bool is_effect(const Place& p);
/// Takes out the statement that begins here.
Changes drop_statement(const Place& p);

} // namespace portproof
