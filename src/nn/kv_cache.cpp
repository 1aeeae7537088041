// SPDX-License-Identifier: MIT
#include "nn/kv_cache.h"

#include <utility>

#include "mlx/ops.h"
#include "mlx/transforms.h"
#include "ops/append.h"
#include "ops/check.h"

namespace mlxaudio {
namespace {

mx::array first_rows(const mx::array& buffer, int length) {
  return mx::slice(
      buffer,
      mx::Shape{0, 0, 0},
      mx::Shape{buffer.shape(0), length, buffer.shape(2)});
}

} // namespace

KVCache KVCache::make(int batch, int capacity, int n_state, mx::Dtype dtype) {
  const mx::Shape shape{batch, capacity, n_state};
  return {mx::zeros(shape, dtype), mx::zeros(shape, dtype), 0};
}

mx::array KVCache::keys() const {
  return first_rows(k, length);
}

mx::array KVCache::values() const {
  return first_rows(v, length);
}

KVCache append(KVCache&& cache, const mx::array& k, const mx::array& v) {
  ops::expect(
      v.shape() == k.shape(),
      "nn.kv_cache",
      "values of the keys' shape " + ops::text_of(k.shape()),
      v.shape());
  const int row = cache.length;
  return {
      ops::append(std::move(cache.k), row, k),
      ops::append(std::move(cache.v), row, v),
      row + k.shape(1)};
}

std::vector<KVCache> gather(
    std::vector<KVCache> caches, std::span<const int> sequences) {
  const auto n = static_cast<int>(sequences.size());
  const auto is_resized = [n](const mx::array& buffer) {
    return buffer.shape(0) != n;
  };
  std::vector<int> moved;
  std::vector<int> sources;
  for (int i = 0; i < n; ++i) {
    const int source = sequences[static_cast<std::size_t>(i)];
    if (caches.empty() || is_resized(caches.front().k) || source != i) {
      moved.push_back(i);
      sources.push_back(source);
    }
  }
  if (moved.empty()) {
    return caches;
  }

  // All are read before any is written: MLX copies a buffer that something in
  // the same graph still reads.
  const mx::array indices(
      sources.data(),
      {static_cast<int>(sources.size())},
      mx::int32);
  std::vector<mx::array> rows;
  for (const auto& cache : caches) {
    rows.push_back(mx::take(first_rows(cache.k, cache.length), indices, 0));
    rows.push_back(mx::take(first_rows(cache.v, cache.length), indices, 0));
  }
  mx::eval(rows);

  for (std::size_t c = 0; c < caches.size(); ++c) {
    const auto write = [&](mx::array& buffer, const mx::array& used) {
      if (is_resized(buffer)) {
        const mx::Shape shape{n, buffer.shape(1), buffer.shape(2)};
        buffer = ops::append(mx::zeros(shape, buffer.dtype()), 0, used);
        return;
      }
      const int length = used.shape(1), n_state = used.shape(2);
      for (int j = 0; j < static_cast<int>(moved.size()); ++j) {
        const int i = moved[static_cast<std::size_t>(j)];
        // AUDIT(element-loop): few sequences move, and each is written in place
        buffer = mx::slice_update(
            buffer,
            mx::slice(used, {j, 0, 0}, {j + 1, length, n_state}),
            mx::Shape{i, 0, 0},
            mx::Shape{i + 1, length, n_state});
      }
    };
    write(caches[c].k, rows[2 * c]);
    write(caches[c].v, rows[2 * c + 1]);
  }
  return caches;
}

} // namespace mlxaudio
