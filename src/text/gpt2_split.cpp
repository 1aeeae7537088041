// SPDX-License-Identifier: MIT
#include "text/gpt2_split.h"

#include <array>

#include "core/utf8.h"
#include "text/unicode_classes.h"

namespace mlxaudio::text {
namespace {

enum class Kind { letter, number, space, other, end };

struct Next {
  Kind kind = Kind::end;
  std::size_t length = 0;
};

Next next_of(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  const Utf8Step step = decode_utf8(text, 0);
  const char32_t value = step.code_point.value_or(0xFFFD);
  if (is_letter(value)) {
    return {Kind::letter, step.size};
  }
  if (is_number(value)) {
    return {Kind::number, step.size};
  }
  if (is_white_space(value)) {
    return {Kind::space, step.size};
  }
  return {Kind::other, step.size};
}

/// Length of the run of one kind at the front of `text`, and of its last
/// character.
struct Run {
  std::size_t length = 0;
  std::size_t last = 0;
  Kind after = Kind::end; ///< what follows it
};

Run run_of(Kind kind, std::string_view text) {
  Run run;
  for (;;) {
    const Next next = next_of(text.substr(run.length));
    if (next.kind != kind) {
      run.after = next.kind;
      return run;
    }
    run.length += next.length;
    run.last = next.length;
  }
}

std::size_t contraction(std::string_view text) {
  constexpr std::array<std::string_view, 7> kEndings =
      {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  for (const std::string_view ending : kEndings) {
    if (text.substr(0, ending.size()) == ending) {
      return ending.size();
    }
  }
  return 0;
}

std::size_t piece_length(std::string_view text) {
  if (const std::size_t length = contraction(text)) {
    return length;
  }
  const std::size_t blank = text.front() == ' ' ? 1 : 0;
  const Next next = next_of(text.substr(blank));
  if (next.kind != Kind::space && next.kind != Kind::end) {
    return blank + run_of(next.kind, text.substr(blank)).length;
  }
  // `\s+(?!\S)`: the run gives its last space back to the word that follows,
  // unless it is the only one; then `\s+` takes it.
  const Run run = run_of(Kind::space, text);
  return run.after == Kind::end || run.length == run.last
             ? run.length
             : run.length - run.last;
}

} // namespace

std::vector<std::string_view> gpt2_split(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t length = piece_length(text);
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

} // namespace mlxaudio::text
