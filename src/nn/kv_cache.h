// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "ops/array.h"

namespace mlxaudio {

/// Keys and values of the tokens so far, in buffers made for all that can
/// come, so that a step writes its own rows only.
struct KVCache {
  mx::array k;    ///< \shape [B, capacity, C]
  mx::array v;    ///< \shape [B, capacity, C]
  int length = 0; ///< rows in use

  /// An empty cache. \param dtype f32 on a CPU
  static KVCache make(
      int batch, int capacity, int n_state, mx::Dtype dtype = mx::float32);

  int capacity() const {
    return k.shape(1);
  }
  /// Views of the rows in use. \shape [B, length, C]
  mx::array keys() const;
  mx::array values() const;
};

/// Adds rows at the end. The buffers are written in place when nobody else
/// holds them, which is why the cache is moved in.
/// \shape k, v [B, T, C]
/// \state the cache is used up; go on with the result
/// \throws ArgumentError if the rows do not fit
KVCache append(KVCache&& cache, const mx::array& k, const mx::array& v);

/// Makes sequence i of each cache its former sequence `sequences[i]`. There may
/// be more of them than before, or fewer. Only the rows in use of sequences
/// that move are copied, and they are copied in place.
/// \state the caches are used up; go on with the result. Evaluates
std::vector<KVCache> gather(
    std::vector<KVCache> caches, std::span<const int> sequences);

} // namespace mlxaudio
