// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "kernels/numbers.h"

namespace mlxaudio::kernels {

/// Queries, keys or values: rows of channels, the heads side by side.
struct Channels {
  Numbers data;
  std::size_t batch_stride = 0;
  std::size_t row_stride = 0;

  Numbers row(std::size_t batch, std::size_t i) const {
    return data.from(batch * batch_stride + i * row_stride);
  }
};

/// Multi-head attention: out = softmax(scale q k^T) v for each head.
struct Attention {
  Channels q; ///< [batch, queries, heads * width], f32
  Channels k; ///< [batch, keys, heads * width]
  Channels v; ///< as k, and of its type
  std::size_t batch = 0;
  std::size_t queries = 0;
  std::size_t keys = 0; ///< > 0
  std::size_t heads = 0;
  std::size_t width = 0;
  float scale = 1.0f;
  bool causal = false;  ///< query i sees keys up to i + keys - queries
  float* out = nullptr; ///< [batch, queries, heads * width]

  const float* query(std::size_t of_batch, std::size_t i) const {
    return static_cast<const float*>(q.row(of_batch, i).data);
  }
  /// How many keys a query sees.
  std::size_t seen_by(std::size_t query) const {
    return causal ? query + keys - queries + 1 : keys;
  }
};

/// Queries up to which `attention_step` is the better kernel.
inline constexpr std::size_t kStepQueries = 8;

/// For many queries: a strip of them at a time against all keys, so that the
/// scores stay in the second-level cache and the whole matrix of them never
/// exists. Results do not depend on the number of threads.
void attention(const Attention& task);

/// For few queries (a decoder's step): runs through keys and values once, in
/// the order of memory. The keys are cut in parts of a fixed length, so results
/// do not depend on the number of threads.
void attention_step(const Attention& task);

} // namespace mlxaudio::kernels
