// SPDX-License-Identifier: MIT
#include "text/vocabulary.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/utf8.h"
#include "mlxaudio/error.h"

namespace mlxaudio::text {
namespace {

namespace fs = std::filesystem;

// `core/json.h` keeps the order of keys and pays for it with a search over all
// of them for each that is added: too slow for 50000.
using PlainJson = nlohmann::json;

constexpr std::string_view kEndOfText = "<|endoftext|>";

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw TokenError(fmt::format(
      "[text.vocabulary] {}: {}: get the vocabulary again",
      path.string(),
      what));
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) {
    throw TokenError(fmt::format(
        "[text.vocabulary] cannot read {}: check that the file is there",
        path.string()));
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

int base64_value(char c) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static const auto table = [] {
    std::array<int, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kDigits.size(); ++i) {
      values[static_cast<unsigned char>(kDigits[i])] = static_cast<int>(i);
    }
    return values;
  }();
  return table[static_cast<unsigned char>(c)];
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text == "=") {
    // Whisper's multilingual vocabulary ends in an empty token, written so.
    return std::string{};
  }
  if (text.empty() || text.size() % 4 != 0) {
    return std::nullopt;
  }
  std::size_t padding = 0;
  while (padding < 2 && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) {
      return std::nullopt;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> held & 0xFF));
    }
  }
  if ((bits & ((1u << held) - 1)) != 0) {
    return std::nullopt; // bits that belong to no byte
  }
  return out;
}

/// GPT-2's disguise of bytes as printable characters, backwards.
const std::unordered_map<char32_t, unsigned char>& byte_of_character() {
  static const auto table = [] {
    std::unordered_map<char32_t, unsigned char> bytes;
    char32_t next = 256;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') ||
                             (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      bytes.emplace(
          printable ? static_cast<char32_t>(byte) : next++,
          static_cast<unsigned char>(byte));
    }
    return bytes;
  }();
  return table;
}

std::optional<std::string> bytes_of(std::string_view disguised) {
  std::string out;
  for (std::size_t at = 0; at < disguised.size();) {
    const Utf8Step step = decode_utf8(disguised, at);
    at += step.size;
    const auto found =
        byte_of_character().find(step.code_point.value_or(0xFFFD));
    if (found == byte_of_character().end()) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(found->second));
  }
  return out;
}

PlainJson parse_json(const fs::path& path) {
  const std::string text = read_text(path);
  try {
    return PlainJson::parse(text);
  } catch (const PlainJson::exception& e) {
    fail(path, fmt::format("not JSON ({})", e.what()));
  }
}

/// Ids below `limit` of a `token -> id` object, which must leave no gap.
std::vector<std::string> tokens_of(
    const fs::path& path, const PlainJson& vocab, std::int64_t limit) {
  std::vector<std::string> tokens;
  std::vector<bool> seen;
  for (const auto& [disguised, id] : vocab.items()) {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0) {
      fail(
          path,
          fmt::format("token \"{}\" has no number as its id", disguised));
    }
    if (id.get<std::int64_t>() >= limit) {
      continue;
    }
    const auto at = id.get<std::size_t>();
    if (at >= vocab.size()) {
      fail(path, fmt::format("the ids below {} have gaps", at));
    }
    std::optional<std::string> bytes = bytes_of(disguised);
    if (!bytes) {
      fail(
          path,
          fmt::format("token \"{}\" is not of a byte-level BPE", disguised));
    }
    if (at >= tokens.size()) {
      tokens.resize(at + 1);
      seen.resize(at + 1);
    }
    if (seen[at]) {
      fail(path, fmt::format("two tokens have the id {}", at));
    }
    seen[at] = true;
    tokens[at] = std::move(*bytes);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) {
      fail(path, fmt::format("no token has the id {}", i));
    }
  }
  return tokens;
}

/// Checks that ids are ranks: merges in their order must make tokens whose
/// ids rise. A token without a merge passes (the multilingual vocabulary's
/// " t" lacks its merge in copies that took it for a heading).
class MergeCheck {
 public:
  MergeCheck(const fs::path& path, const std::vector<std::string>& tokens)
      : path_(path) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      ids_.emplace(tokens[i], i);
    }
  }

  void add(std::string_view left, std::string_view right) {
    const std::optional<std::string> a = bytes_of(left);
    const std::optional<std::string> b = bytes_of(right);
    const auto made = a && b ? ids_.find(*a + *b) : ids_.end();
    if (made == ids_.end() || (last_ && made->second <= *last_)) {
      fail(
          path_,
          fmt::format(
              "merge {} (\"{} {}\") does not make the token after that of the "
              "merge before",
              n_,
              left,
              right));
    }
    last_ = made->second;
    ++n_;
  }

  std::size_t count() const {
    return n_;
  }

 private:
  const fs::path& path_;
  std::unordered_map<std::string_view, std::size_t> ids_;
  std::optional<std::size_t> last_;
  std::size_t n_ = 0;
};

std::pair<std::string_view, std::string_view> split_merge(
    const fs::path& path, std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || space == 0 ||
      space + 1 == line.size() ||
      line.find(' ', space + 1) != std::string_view::npos) {
    fail(path, fmt::format("\"{}\" is not a merge of two tokens", line));
  }
  return {line.substr(0, space), line.substr(space + 1)};
}

std::int64_t id_of_end(const fs::path& path, const PlainJson& vocab) {
  const auto end = vocab.find(kEndOfText);
  if (end == vocab.end() || !end->is_number_integer()) {
    fail(path, fmt::format("it has no token {}", kEndOfText));
  }
  return end->get<std::int64_t>();
}

} // namespace

Vocabulary read_tiktoken(const fs::path& path) {
  const std::string text = read_text(path);
  Vocabulary vocabulary{path, {}};
  std::vector<bool> seen;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++number;
    const std::size_t stop = std::min(text.find('\n', at), text.size());
    std::string_view line(text.data() + at, stop - at);
    at = stop + 1;
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }

    const auto bad = [&](const std::string& what) {
      fail(path, fmt::format("line {}: {}", number, what));
    };
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) {
      bad("expected a token in base64, a space and its rank");
    }
    const std::string_view digits = line.substr(space + 1);
    std::size_t rank = 0;
    const auto [last, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), rank);
    if (error != std::errc{} || last != digits.data() + digits.size()) {
      bad(fmt::format("\"{}\" is not a rank", digits));
    }
    std::optional<std::string> bytes = decode_base64(line.substr(0, space));
    if (!bytes) {
      bad(fmt::format("\"{}\" is not base64", line.substr(0, space)));
    }
    // Ids of special tokens begin where ranks end, so a gap would move them.
    if (rank > text.size()) {
      bad(fmt::format("rank {} is more than the file can hold", rank));
    }
    if (rank >= vocabulary.tokens.size()) {
      vocabulary.tokens.resize(rank + 1);
      seen.resize(rank + 1);
    }
    if (seen[rank]) {
      bad(fmt::format("rank {} is there twice", rank));
    }
    seen[rank] = true;
    vocabulary.tokens[rank] = std::move(*bytes);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) {
      fail(path, fmt::format("no token has the rank {}", i));
    }
  }
  if (seen.empty()) {
    fail(path, "it is empty");
  }
  return vocabulary;
}

Vocabulary read_hf_tokenizer(const fs::path& path) {
  const PlainJson json = parse_json(path);
  const PlainJson* model = nullptr;
  if (json.is_object() && json.contains("model")) {
    model = &json["model"];
  }
  if (model == nullptr || !model->is_object() ||
      model->value("type", "") != "BPE" || !model->contains("vocab") ||
      !(*model)["vocab"].is_object() || !model->contains("merges") ||
      !(*model)["merges"].is_array()) {
    fail(path, "it holds no BPE model with a vocabulary and merges");
  }
  const PlainJson& vocab = (*model)["vocab"];
  Vocabulary vocabulary{path, tokens_of(path, vocab, id_of_end(path, vocab))};

  MergeCheck check(path, vocabulary.tokens);
  for (const PlainJson& merge : (*model)["merges"]) {
    if (merge.is_string()) {
      const auto& line = merge.get_ref<const std::string&>();
      const auto [left, right] = split_merge(path, line);
      check.add(left, right);
    } else if (
        merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
        merge[1].is_string()) {
      check.add(
          merge[0].get_ref<const std::string&>(),
          merge[1].get_ref<const std::string&>());
    } else {
      fail(path, fmt::format("merge {} is not two tokens", check.count()));
    }
  }
  return vocabulary;
}

Vocabulary read_vocab_merges(const fs::path& vocab, const fs::path& merges) {
  const PlainJson json = parse_json(vocab);
  if (!json.is_object()) {
    fail(vocab, "it is not an object of tokens and ids");
  }
  Vocabulary vocabulary{vocab, tokens_of(vocab, json, id_of_end(vocab, json))};

  const std::string text = read_text(merges);
  MergeCheck check(merges, vocabulary.tokens);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = std::min(text.find('\n', at), text.size());
    std::string_view line(text.data() + at, stop - at);
    const bool first = at == 0;
    at = stop + 1;
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    if (line.empty() || (first && line.substr(0, 9) == "#version:")) {
      continue;
    }
    const auto [left, right] = split_merge(merges, line);
    check.add(left, right);
  }
  return vocabulary;
}

} // namespace mlxaudio::text
