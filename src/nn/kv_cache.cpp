// SPDX-License-Identifier: MIT
#include "nn/kv_cache.h"

#include "mlx/ops.h"
#include "ops/check.h"

namespace mlxaudio {
namespace {

mx::array first_rows(const mx::array& buffer, int length) {
  return mx::slice(
      buffer,
      mx::Shape{0, 0, 0},
      mx::Shape{buffer.shape(0), length, buffer.shape(2)});
}

/// MLX writes the slice into the buffer itself when nobody else holds it.
mx::array put(const mx::array& buffer, int row, const mx::array& rows) {
  return mx::slice_update(
      buffer,
      rows,
      mx::Shape{0, row, 0},
      mx::Shape{buffer.shape(0), row + rows.shape(1), buffer.shape(2)});
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
  const int room = cache.capacity() - cache.length;
  const int batch = cache.k.shape(0), n_state = cache.k.shape(2);
  ops::expect(
      k.ndim() == 3 && k.shape(0) == batch && k.shape(2) == n_state &&
          k.shape(1) <= room,
      "nn.kv_cache",
      fmt::format("keys [{}, T, {}] with T <= {}", batch, n_state, room),
      k.shape());
  ops::expect(
      v.shape() == k.shape(),
      "nn.kv_cache",
      "values of the keys' shape " + ops::text_of(k.shape()),
      v.shape());
  const KVCache old = std::move(cache);
  return {
      put(old.k, old.length, k),
      put(old.v, old.length, v),
      old.length + k.shape(1)};
}

} // namespace mlxaudio
