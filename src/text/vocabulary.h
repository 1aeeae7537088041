// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mlxaudio::text {

/// The mergeable tokens of a byte-level BPE vocabulary.
struct Vocabulary {
  std::filesystem::path path; ///< the file it was read from
  /// Bytes of each token. The index is both the token's id and its rank: of
  /// two possible merges the lower rank is done first.
  std::vector<std::string> tokens;
};

/// Reads tiktoken's format: a line for each token, its bytes in base64 and its
/// rank. \throws TokenError naming the file and the line
Vocabulary read_tiktoken(const std::filesystem::path& path);

/// Reads the BPE vocabulary of a Hugging Face `tokenizer.json`. Special tokens
/// (`added_tokens`) are left out. \throws TokenError
Vocabulary read_hf_tokenizer(const std::filesystem::path& path);

/// Reads the older pair `vocab.json` and `merges.txt`; the tokens are those up
/// to `<|endoftext|>`. \throws TokenError
Vocabulary read_vocab_merges(
    const std::filesystem::path& vocab, const std::filesystem::path& merges);

} // namespace mlxaudio::text
