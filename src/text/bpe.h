// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/vocabulary.h"

namespace mlxaudio::text {

/// Special tokens with their ids, in the order of their ids.
using SpecialTokens = std::vector<std::pair<std::string, int>>;

/// A byte-level BPE encoding: what tiktoken's `Encoding` does.
///
/// Immutable, so any number of threads may use one.
class Encoding {
 public:
  /// \throws TokenError if two tokens are the same, or a byte has no token
  Encoding(std::string name, Vocabulary vocabulary, SpecialTokens specials);

  Encoding(const Encoding&) = delete;
  Encoding& operator=(const Encoding&) = delete;

  /// Tokens of a text, cut into words by GPT-2's pattern.
  ///
  /// \throws TokenError if the text holds a special token, as tiktoken's
  /// default (`disallowed_special="all"`) has it: a prompt must not forge them
  std::vector<int> encode(std::string_view text) const;

  /// `encode`, with the characters of special tokens taken as plain text.
  std::vector<int> encode_ordinary(std::string_view text) const;

  /// Id of one token, special or not. \throws TokenError if there is none
  int encode_single_token(std::string_view token) const;

  /// The text of some tokens, with U+FFFD where their bytes are not UTF-8.
  /// \throws TokenError for an id that the vocabulary lacks
  std::string decode(std::span<const int> tokens) const;

  /// The bytes of some tokens. \throws TokenError
  std::string decode_bytes(std::span<const int> tokens) const;

  const std::string& name() const {
    return name_;
  }
  const SpecialTokens& special_tokens() const {
    return specials_;
  }
  /// Tokens that are not special; also the first id of those that are.
  int n_ranks() const {
    return static_cast<int>(vocabulary_.tokens.size());
  }
  int n_vocab() const {
    return n_ranks() + static_cast<int>(specials_.size());
  }
  const std::filesystem::path& path() const {
    return vocabulary_.path;
  }

 private:
  void encode_piece(std::string_view piece, std::vector<int>& out) const;
  std::string_view find_special(std::string_view text) const;

  std::string name_;
  Vocabulary vocabulary_;
  SpecialTokens specials_;
  std::unordered_map<std::string_view, int> ranks_;
  std::unordered_map<std::string_view, int> special_ids_;
};

} // namespace mlxaudio::text
