// SPDX-License-Identifier: MIT
#pragma once

// Models for tests: the real architecture and a real-sized vocabulary, with
// small dimensions and random weights.

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "models/whisper/whisper.h"

namespace mlxaudio::whisper::toy {

inline std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits =
          bits << 8 |
          (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j <= bytes.size() ? kDigits[bits >> (18 - 6 * j) & 63] : '=';
    }
  }
  return out;
}

/// Writes a vocabulary as large as Whisper's: every byte, then pairs of bytes,
/// so that "hi" is token 'h' * 256 + 'i'.
inline void write_vocabulary(
    const std::filesystem::path& path, bool multilingual) {
  const int n_ranks = multilingual ? 50257 : 50256;
  std::ofstream file(path);
  for (int rank = 0; rank < n_ranks; ++rank) {
    std::string token;
    if (rank < 256) {
      token += static_cast<char>(rank);
    } else {
      token += static_cast<char>(rank >> 8);
      token += static_cast<char>(rank & 255);
    }
    file << base64(token) << ' ' << rank << '\n';
  }
}

/// The encoding of such a vocabulary.
inline std::shared_ptr<const text::Encoding> encoding(
    bool multilingual = true) {
  const auto path =
      std::filesystem::temp_directory_path() /
      ("mlxaudio-toy-" + std::to_string(::getpid()) + ".tiktoken");
  write_vocabulary(path, multilingual);
  auto result = get_encoding(path, 99);
  std::filesystem::remove(path);
  return result;
}

inline ModelDimensions dims(bool multilingual = true) {
  ModelDimensions d;
  d.n_mels = 80;
  d.n_audio_ctx = 1500;
  d.n_audio_state = 8;
  d.n_audio_head = 2;
  d.n_audio_layer = 2;
  d.n_vocab = multilingual ? 51865 : 51864;
  d.n_text_ctx = 448;
  d.n_text_state = 8;
  d.n_text_head = 2;
  d.n_text_layer = 2;
  return d;
}

/// Numbers in [-1, 1) from a counter.
inline std::vector<float> noise(std::size_t n, std::uint64_t seed) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t z = (seed << 32) + i + 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    values[i] =
        static_cast<float>(static_cast<double>(z >> 40) / (1 << 23)) - 1;
  }
  return values;
}

/// The token of two characters.
inline int pair(char a, char b) {
  return (static_cast<unsigned char>(a) << 8) | static_cast<unsigned char>(b);
}

inline mx::array random_array(const mx::Shape& shape, std::uint64_t seed) {
  std::size_t n = 1;
  for (const int size : shape) {
    n *= static_cast<std::size_t>(size);
  }
  const auto values = noise(n, seed);
  return mx::array(values.data(), shape, mx::float32);
}

/// Random weights for the parameters that a model declares.
inline std::map<std::string, mx::array> random_weights(
    const ModelDimensions& d) {
  const auto ledger = std::make_shared<Weights>(Weights::dry());
  const Whisper dry{Scope(ledger), d};
  std::map<std::string, mx::array> arrays;
  std::uint64_t seed = 0;
  for (const auto& declared : ledger->declared()) {
    if (!declared.optional) {
      arrays.emplace(declared.name, random_array(declared.shape, ++seed));
    }
  }
  return arrays;
}

inline Whisper model(
    const ModelDimensions& d = dims(),
    std::shared_ptr<const text::Encoding> vocabulary = {}) {
  const auto ledger =
      std::make_shared<Weights>(Weights(random_weights(d), "toy"));
  Whisper result{Scope(ledger), d, std::move(vocabulary)};
  ledger->finish();
  return result;
}

/// The multilingual model that tests share.
inline const Whisper& shared_model() {
  static const Whisper m = model(dims(), encoding());
  return m;
}

/// Its tokenizer for English.
inline Tokenizer shared_tokenizer() {
  return shared_model().get_tokenizer("en", "transcribe");
}

} // namespace mlxaudio::whisper::toy
