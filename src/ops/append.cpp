// SPDX-License-Identifier: MIT
#include "ops/append.h"

#include "kernels/info.h"
#include "kernels/primitives.h"
#include "ops/check.h"
#include "ops/composite.h"

namespace mlxaudio::ops {

mx::array append(mx::array&& room, int row, const mx::array& rows) {
  const char* where = "ops.append";
  expect(room.ndim() == 3, where, "a buffer [B, capacity, C]", room.shape());
  const int batch = room.shape(0), n_state = room.shape(2);
  const int left = room.shape(1) - row;
  expect(
      rows.ndim() == 3 && rows.shape(0) == batch && rows.shape(2) == n_state &&
          row >= 0 && rows.shape(1) <= left,
      where,
      fmt::format("rows [{}, T, {}] with T <= {}", batch, n_state, left),
      rows.shape());
  const mx::array own = std::move(room);
  const bool fits = own.dtype() == mx::float32 && rows.dtype() == mx::float32 &&
                    rows.size() > 0;
  return kernels::choose(kernels::Op::append, fits)
             ? kernels::append(own, row, rows)
             : composite::append(own, row, rows);
}

} // namespace mlxaudio::ops
