// SPDX-License-Identifier: MIT
// Included once for each instruction set; see simd.h.
#if defined(MLXAUDIO_KERNELS_FINISH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MLXAUDIO_KERNELS_FINISH_INL_H_
#undef MLXAUDIO_KERNELS_FINISH_INL_H_
#else
#define MLXAUDIO_KERNELS_FINISH_INL_H_
#endif

#include <cstddef>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/pieces.h"
#include "kernels/simd_math-inl.h"
#include "kernels/simd_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

/// What follows the product, for one row of a piece.
HWY_INLINE void finish_row(
    const float* HWY_RESTRICT sum,
    const float* HWY_RESTRICT bias,
    bool with_gelu,
    const float* HWY_RESTRICT residual,
    std::size_t n,
    float* HWY_RESTRICT y) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < n; i += lanes) {
    auto v = hn::Add(hn::LoadU(d, sum + i), hn::LoadU(d, bias + i));
    if (with_gelu) {
      v = gelu(d, v);
    }
    const std::size_t left = n - i;
    if (left >= lanes) {
      if (residual) {
        v = hn::Add(hn::LoadU(d, residual + i), v);
      }
      hn::StoreU(v, d, y + i);
    } else {
      HWY_ALIGN float rest[hn::MaxLanes(hn::ScalableTag<float>())];
      if (residual) {
        v = hn::Add(load_wide_part(d, residual + i, left), v);
      }
      hn::Store(v, d, rest);
      std::memcpy(y + i, rest, left * sizeof(float));
    }
  }
}

/// What follows the sums of a piece. \param sums [rows, kColumns]
/// \param bias [kColumns]
HWY_INLINE void finish_rows(
    const Linear& task,
    const Piece& piece,
    const float* sums,
    const float* bias) {
  for (std::size_t i = 0; i < piece.rows; ++i) {
    const std::size_t at = (piece.row + i) * task.out + piece.column;
    finish_row(
        sums + i * kColumns,
        bias,
        task.gelu,
        task.residual ? task.residual + at : nullptr,
        piece.columns,
        task.y + at);
  }
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#endif
