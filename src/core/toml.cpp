// SPDX-License-Identifier: MIT
#include "core/toml.h"

#include <cctype>
#include <charconv>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "core/utf8.h"
#include "mlxaudio/error.h"

namespace mlxaudio {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::string& name, TomlLines* lines)
      : text_(text), name_(name), lines_(lines) {}

  Json document() {
    check_encoding();
    Json root = Json::object();
    Json* table = &root;
    for (skip_lines(); !at_end(); skip_lines()) {
      if (peek() == '[') {
        table = header(root);
      } else {
        assign(*table, table_);
      }
      end_of_line();
    }
    return root;
  }

 private:
  using Key = std::vector<std::string>;

  [[noreturn]] void fail(
      const std::string& what, const char* mend = "mend the line") const {
    throw ConfigError(fmt::format(
        "[core.toml] {}, line {}: {}: {}",
        name_,
        line_,
        what,
        mend));
  }

  /// As TOML asks, and so that every text of the result may be written as JSON.
  void check_encoding() {
    for (std::size_t at = 0; at < text_.size();) {
      const Utf8Step step = decode_utf8(text_, at);
      if (!step.code_point) {
        fail("bytes that are not UTF-8");
      }
      line_ += text_[at] == '\n' ? 1 : 0;
      at += step.size;
    }
    line_ = 1;
  }

  bool at_end() const {
    return at_ >= text_.size();
  }
  char peek() const {
    return at_end() ? '\0' : text_[at_];
  }
  char next() {
    const char c = peek();
    ++at_;
    if (c == '\n') {
      ++line_;
    }
    return c;
  }
  bool take(char c) {
    if (peek() != c) {
      return false;
    }
    next();
    return true;
  }
  void expect(char c, const char* where) {
    if (!take(c)) {
      fail(fmt::format("expected `{}` {}", c, where));
    }
  }

  void skip_spaces() {
    while (peek() == ' ' || peek() == '\t') {
      next();
    }
  }
  void skip_comment() {
    if (peek() == '#') {
      while (!at_end() && peek() != '\n') {
        next();
      }
    }
  }
  void skip_lines() {
    for (;;) {
      skip_spaces();
      skip_comment();
      if (peek() != '\n' && peek() != '\r') {
        return;
      }
      next();
    }
  }
  void end_of_line() {
    skip_spaces();
    skip_comment();
    take('\r');
    if (!at_end() && !take('\n')) {
      fail("expected nothing more before the end of the line");
    }
  }

  static bool is_bare(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  }

  std::string simple_key() {
    if (peek() == '"' || peek() == '\'') {
      return string();
    }
    std::string key;
    while (is_bare(peek())) {
      key += next();
    }
    if (key.empty()) {
      fail("expected a key");
    }
    return key;
  }

  Key key() {
    Key keys{simple_key()};
    for (skip_spaces(); take('.'); skip_spaces()) {
      skip_spaces();
      keys.push_back(simple_key());
      if (keys.size() > kTomlDepth) {
        fail(fmt::format("more than {} names in one key", kTomlDepth));
      }
    }
    return keys;
  }

  /// The table at `key`, made where it is absent; of an array the last one.
  Json* descend(Json* table, const Key& keys, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Json& inner = (*table)[keys[i]];
      if (inner.is_null()) {
        inner = Json::object();
      }
      table = inner.is_array() && !inner.empty() ? &inner.back() : &inner;
      if (!table->is_object()) {
        fail(fmt::format("`{}` is not a table", keys[i]));
      }
    }
    return table;
  }

  Json* header(Json& root) {
    next();
    const bool array = take('[');
    skip_spaces();
    const Key keys = key();
    skip_spaces();
    expect(']', "after the table's name");
    if (array) {
      expect(']', "after the table's name");
    }
    Json* parent = descend(&root, keys, keys.size() - 1);
    Json& place = (*parent)[keys.back()];
    if (array) {
      if (place.is_null()) {
        place = Json::array();
      }
      if (!place.is_array()) {
        fail(fmt::format("`{}` is a table already", keys.back()));
      }
      place.push_back(Json::object());
      table_ = keys;
      return &place.back();
    }
    std::string path;
    for (const std::string& k : keys) {
      path += k + '\n';
    }
    // Below an array of tables the same header may come again, once for each.
    if (place.is_null()) {
      place = Json::object();
    } else if (!place.is_object() || !seen_.insert(path).second) {
      fail(fmt::format("`{}` is defined twice", keys.back()));
    }
    seen_.insert(path);
    table_ = keys;
    return &place;
  }

  void assign(Json& table, const Key& path) {
    const int line = line_;
    const Key keys = key();
    skip_spaces();
    expect('=', "after the key");
    skip_spaces();
    Json* parent = descend(&table, keys, keys.size() - 1);
    Json& place = (*parent)[keys.back()];
    if (!place.is_null()) {
      fail(fmt::format("`{}` is set twice", keys.back()));
    }
    Key whole = path;
    whole.insert(whole.end(), keys.begin(), keys.end());
    place = value(whole);
    if (lines_) {
      (*lines_)[whole] = line;
    }
  }

  Json value(const Key& path) {
    const char c = peek();
    if (c == '"' || c == '\'') {
      return string();
    }
    if (c != '[' && c != '{') {
      return word();
    }
    if (++depth_ > kTomlDepth) {
      fail(fmt::format("more than {} levels of nesting", kTomlDepth));
    }
    Json out = c == '[' ? array(path) : inline_table(path);
    --depth_;
    return out;
  }

  Json array(const Key& path) {
    next();
    Json out = Json::array();
    for (;;) {
      skip_lines();
      if (take(']')) {
        return out;
      }
      out.push_back(value(path));
      skip_lines();
      if (!take(',')) {
        expect(']', "at the end of the array");
        return out;
      }
    }
  }

  Json inline_table(const Key& path) {
    next();
    Json out = Json::object();
    skip_spaces();
    if (take('}')) {
      return out;
    }
    do {
      skip_spaces();
      assign(out, path);
      skip_spaces();
    } while (take(','));
    expect('}', "at the end of the inline table");
    return out;
  }

  /// What from_chars() reads of a number: without `_` between digits and `+`
  /// in front. Empty if it is none.
  static std::string number_of(const std::string& w) {
    const auto is_digit = [&w](std::size_t i) {
      return i < w.size() &&
             std::isdigit(static_cast<unsigned char>(w[i])) != 0;
    };
    const std::size_t sign = !w.empty() && (w[0] == '+' || w[0] == '-') ? 1 : 0;
    const std::string_view value = std::string_view(w).substr(sign);
    if (!is_digit(sign) && value != "inf" && value != "nan") {
      return "";
    }
    std::string digits = w[0] == '-' ? "-" : "";
    for (std::size_t i = sign; i < w.size(); ++i) {
      if (w[i] != '_') {
        digits += w[i];
      } else if (!is_digit(i - 1) || !is_digit(i + 1)) {
        return "";
      }
    }
    return digits;
  }

  Json word() {
    std::string w;
    while (is_bare(peek()) || peek() == '+' || peek() == '.') {
      w += next();
    }
    if (w == "true" || w == "false") {
      return w == "true";
    }
    const std::string digits = number_of(w);
    const char* end = digits.data() + digits.size();
    std::int64_t integer = 0;
    if (auto r = std::from_chars(digits.data(), end, integer);
        !digits.empty() && r.ec == std::errc() && r.ptr == end) {
      return integer;
    }
    double real = 0;
    if (auto r = std::from_chars(digits.data(), end, real);
        !digits.empty() && r.ec == std::errc() && r.ptr == end) {
      return real;
    }
    fail(
        w.empty() ? std::string("expected a value")
                  : fmt::format("`{}` is no value that is read here", w));
  }

  std::string string() {
    const char quote = next();
    if (text_.substr(at_, 2) == std::string(2, quote)) {
      fail("strings of several lines are not read", "write it on one line");
    }
    std::string out;
    for (;;) {
      if (at_end() || peek() == '\n') {
        fail("the string does not end on its line");
      }
      const char c = next();
      if (c == quote) {
        return out;
      }
      if (c != '\\' || quote == '\'') {
        out += c;
        continue;
      }
      escape(out);
    }
  }

  void escape(std::string& out) {
    const char c = next();
    switch (c) {
      case 'n':
        out += '\n';
        return;
      case 't':
        out += '\t';
        return;
      case 'r':
        out += '\r';
        return;
      case 'b':
        out += '\b';
        return;
      case 'f':
        out += '\f';
        return;
      case '"':
      case '\\':
        out += c;
        return;
      case 'u':
      case 'U': {
        const std::size_t length = c == 'u' ? 4 : 8;
        const std::string_view hex = text_.substr(at_, length);
        std::uint32_t code = 0;
        const auto r =
            std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
        if (hex.size() != length || r.ptr != hex.data() + hex.size()) {
          fail("a malformed \\u escape");
        }
        at_ += length;
        append_utf8(out, static_cast<char32_t>(code));
        return;
      }
      default:
        fail(fmt::format("unknown escape `\\{}`", c));
    }
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t depth_ = 0;
  Key table_; ///< that assignments go to
  std::set<std::string> seen_;
  TomlLines* lines_;
};

} // namespace

Json parse_toml(
    std::string_view text, const std::string& name, TomlLines* lines) {
  return Parser(text, name, lines).document();
}

Json read_toml(const std::filesystem::path& path, TomlLines* lines) {
  return parse_toml(read_file(path, ErrorCode::config), path.string(), lines);
}

} // namespace mlxaudio
