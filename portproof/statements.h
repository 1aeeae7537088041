// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portproof {

/// One statement of a Python source.
struct Statement {
  int line = 1;
  int end_line = 1;
  std::string text; ///< on one line, without comments
};

/// The statements in lines `first` to `last`, each with the lines that it
/// takes.
///
/// The head of a compound statement (`if x:`, `def f(x):`, a decorator) is a
/// statement by itself. What does nothing is left out: documentation, `pass`,
/// `...`, a bare `else:`, `try:` or `finally:`.
std::vector<Statement> python_statements(
    std::string_view source, int first, int last);

/// The last line of the block that begins at a line: a function or class with
/// its body, else the statement alone. Decorators belong to what follows them.
int python_block_end(std::string_view source, int line);

/// The statements of a reference in another language than Python: every line
/// with text on it that is not a comment.
std::vector<Statement> line_statements(
    std::string_view source, int first, int last);

} // namespace portproof
