// SPDX-License-Identifier: MIT
#include "text/bpe.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <queue>

#include <fmt/format.h>

#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "text/gpt2_split.h"

namespace mlxaudio::text {
namespace {

/// Bytes that are not UTF-8, each as U+FFFD: what a Python string of command
/// line bytes comes to in tiktoken.
std::string repair(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    append_utf8(out, step.code_point.value_or(0xFFFD));
    at += step.code_point ? step.size : 1;
  }
  return out;
}

/// Two neighbours that make a token, waiting to be merged.
struct Merge {
  int rank;
  std::size_t left;
  std::size_t middle;
  std::size_t right;

  bool operator>(const Merge& other) const {
    return std::pair(rank, left) > std::pair(other.rank, other.left);
  }
};

} // namespace

Encoding::Encoding(
    std::string name, Vocabulary vocabulary, SpecialTokens specials)
    : name_(std::move(name)),
      vocabulary_(std::move(vocabulary)),
      specials_(std::move(specials)) {
  ranks_.reserve(vocabulary_.tokens.size());
  for (std::size_t i = 0; i < vocabulary_.tokens.size(); ++i) {
    const auto [old, added] =
        ranks_.emplace(vocabulary_.tokens[i], static_cast<int>(i));
    if (!added) {
      throw TokenError(fmt::format(
          "[text.bpe] {}: tokens {} and {} are the same: get the vocabulary "
          "again",
          path().string(),
          old->second,
          i));
    }
  }
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (!ranks_.contains(std::string_view(&c, 1))) {
      throw TokenError(fmt::format(
          "[text.bpe] {}: no token for the byte {}: this is not a byte-level "
          "vocabulary",
          path().string(),
          byte));
    }
  }
  for (const auto& [token, id] : specials_) {
    special_ids_.emplace(token, id);
  }
}

void Encoding::encode_piece(
    std::string_view piece, std::vector<int>& out) const {
  if (const auto whole = ranks_.find(piece); whole != ranks_.end()) {
    out.push_back(whole->second);
    return;
  }
  // Parts are a list over byte positions: `next[i]` is where the part that
  // begins at i ends, and `previous` leads back. A queue of possible merges
  // keeps long pieces (a million spaces) from taking quadratic time; one that
  // is out of date no longer fits the list and is passed over.
  const std::size_t n = piece.size();
  std::vector<std::size_t> next(n + 1);
  std::vector<std::size_t> previous(n + 1);
  for (std::size_t i = 0; i <= n; ++i) {
    next[i] = i + 1;
    previous[i] = i == 0 ? 0 : i - 1;
  }
  std::priority_queue<Merge, std::vector<Merge>, std::greater<>> queue;
  const auto offer = [&](std::size_t left) {
    const std::size_t middle = next[left];
    if (middle >= n) {
      return;
    }
    const std::size_t right = next[middle];
    const auto found = ranks_.find(piece.substr(left, right - left));
    if (found != ranks_.end()) {
      queue.push({found->second, left, middle, right});
    }
  };
  for (std::size_t i = 0; i + 1 < n; ++i) {
    offer(i);
  }
  constexpr std::size_t kGone = std::numeric_limits<std::size_t>::max();
  while (!queue.empty()) {
    const Merge merge = queue.top();
    queue.pop();
    if (next[merge.left] != merge.middle || next[merge.middle] != merge.right) {
      continue;
    }
    next[merge.left] = merge.right;
    next[merge.middle] = kGone;
    previous[merge.right] = merge.left;
    offer(merge.left);
    if (merge.left > 0) {
      offer(previous[merge.left]);
    }
  }
  for (std::size_t i = 0; i < n; i = next[i]) {
    out.push_back(ranks_.at(piece.substr(i, next[i] - i)));
  }
}

std::string_view Encoding::find_special(std::string_view text) const {
  std::string_view first;
  std::size_t at = std::string_view::npos;
  for (const auto& [token, id] : specials_) {
    const std::size_t found = text.substr(0, at).find(token);
    if (found < at) {
      at = found;
      first = token;
    }
  }
  return first;
}

std::vector<int> Encoding::encode_ordinary(std::string_view text) const {
  const std::string repaired = repair(text);
  std::vector<int> out;
  for (const std::string_view piece : gpt2_split(repaired)) {
    encode_piece(piece, out);
  }
  return out;
}

std::vector<int> Encoding::encode(std::string_view text) const {
  if (const std::string_view special = find_special(text); !special.empty()) {
    throw TokenError(fmt::format(
        "[text.bpe] the text holds the special token {}: take it out",
        special));
  }
  return encode_ordinary(text);
}

int Encoding::encode_single_token(std::string_view token) const {
  if (const auto rank = ranks_.find(token); rank != ranks_.end()) {
    return rank->second;
  }
  if (const auto id = special_ids_.find(token); id != special_ids_.end()) {
    return id->second;
  }
  throw TokenError(fmt::format(
      "[text.bpe] {} has no token \"{}\": use the vocabulary of the model",
      path().string(),
      token));
}

std::string Encoding::decode_bytes(std::span<const int> tokens) const {
  std::string out;
  for (const int token : tokens) {
    const int special = token - n_ranks();
    if (token >= 0 && special < 0) {
      out += vocabulary_.tokens[static_cast<std::size_t>(token)];
    } else if (
        token >= 0 && static_cast<std::size_t>(special) < specials_.size()) {
      out += specials_[static_cast<std::size_t>(special)].first;
    } else {
      throw TokenError(fmt::format(
          "[text.bpe] {} has no token {}: its tokens are 0 to {}",
          path().string(),
          token,
          n_vocab() - 1));
    }
  }
  return out;
}

std::string Encoding::decode(std::span<const int> tokens) const {
  return replace_malformed_utf8(decode_bytes(tokens));
}

} // namespace mlxaudio::text
