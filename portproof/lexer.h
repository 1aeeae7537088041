// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portproof {

/// A piece of C++ source.
struct Token {
  enum class Kind { word, number, string, character, punctuation, comment };
  Kind kind = Kind::word;
  std::string_view text;
  int line = 1; ///< where it begins
  int end_line = 1;
  bool directive = false; ///< part of a preprocessor directive
};

/// Cuts C++ source into tokens. Tolerant: what it cannot read is punctuation.
/// The tokens point into `source`.
std::vector<Token> lex(std::string_view source);

/// The source with its comments and blank space taken out, so that two texts
/// are equal when they mean the same to a compiler. The ends of preprocessor
/// directives are kept.
std::string stripped(std::string_view source);

/// SHA-256 of `stripped(source)`.
std::string code_hash(std::string_view source);

/// What the source includes with quotes.
std::vector<std::string> quoted_includes(const std::vector<Token>& tokens);

/// A command in a comment: `\port NAME` or `DEVIATION(ID): why`.
struct Note {
  enum class Kind { port, deviation };
  Kind kind = Kind::port;
  std::string name; ///< the symbol, or the deviation's id
  std::string text; ///< why
  int line = 1;
};

std::vector<Note> notes(const std::vector<Token>& tokens);

/// The call `NAME.add("COMPONENT", ...)` whose first argument is a component:
/// one probe. `text` is stripped.
struct ProbeText {
  std::string component;
  std::string text;
  int line = 1;
};

struct ProbeFile {
  std::vector<ProbeText> probes;
  std::string rest;                  ///< the stripped text without the probes
  std::vector<std::string> includes; ///< quoted
};

ProbeFile probe_texts(std::string_view source);

} // namespace portproof
