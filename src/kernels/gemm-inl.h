// SPDX-License-Identifier: MIT
// Included once for each instruction set; see simd.h.
#if defined(MLXAUDIO_KERNELS_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MLXAUDIO_KERNELS_GEMM_INL_H_
#undef MLXAUDIO_KERNELS_GEMM_INL_H_
#else
#define MLXAUDIO_KERNELS_GEMM_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;

/// A register tile is kTileRows rows of the left side by kTileVectors vectors
/// of the right: 24 sums in 32 registers, or 12 in 16.
inline constexpr std::size_t kTileRows = 6;
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
inline constexpr std::size_t kTileVectors = 4;
#else
inline constexpr std::size_t kTileVectors = 2;
#endif

/// Columns of a panel of the right side.
HWY_INLINE std::size_t panel_columns() {
  return kTileVectors * hn::Lanes(FloatTag());
}

/// c[kRows, panel] = a[kRows, depth] * b[depth, panel], or the sum of both
/// if `add`; each sum over depth in
/// order from the first, so that its bits depend on nothing else. The panel's
/// columns lie side by side in memory.
/// \tparam kAhead the rows after these are asked for meanwhile: where they are
///   long, each is a place of its own, which the hardware does not foresee
template <std::size_t kRows, bool kAhead = false>
HWY_INLINE void tile(
    const float* HWY_RESTRICT a,
    std::size_t lda,
    const float* HWY_RESTRICT b,
    std::size_t depth,
    float* HWY_RESTRICT c,
    std::size_t ldc,
    bool add) {
  const FloatTag d;
  using V = hn::Vec<FloatTag>;
  const std::size_t lanes = hn::Lanes(d);
  V sum[kRows][kTileVectors];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kTileVectors; ++j) {
      sum[i][j] = hn::Zero(d);
    }
  }
  // As a number: what is asked for may lie beyond the last row.
  const auto first = reinterpret_cast<std::uintptr_t>(a);
  constexpr std::size_t kInLine = 64 / sizeof(float);
  for (std::size_t k = 0; k < depth; ++k) {
    if (kAhead && k % kInLine == 0) {
      const std::uintptr_t next = first + (kRows * lda + k) * sizeof(float);
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kRows; ++i) {
        hwy::Prefetch(
            reinterpret_cast<const char*>(next + i * lda * sizeof(float)));
      }
    }
    V right[kTileVectors];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kTileVectors; ++j) {
      right[j] = hn::LoadU(d, b + j * lanes);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      const V left = hn::Set(d, a[i * lda + k]);
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kTileVectors; ++j) {
        sum[i][j] = hn::MulAdd(left, right[j], sum[i][j]);
      }
    }
    b += kTileVectors * lanes;
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kTileVectors; ++j) {
      float* to = c + i * ldc + j * lanes;
      hn::StoreU(add ? hn::Add(hn::LoadU(d, to), sum[i][j]) : sum[i][j], d, to);
    }
  }
}

/// c[rows, panel] = a[rows, depth] * b[depth, panel] for any number of rows.
template <bool kAhead = false>
HWY_INLINE void multiply_panel(
    const float* HWY_RESTRICT a,
    std::size_t lda,
    std::size_t rows,
    const float* HWY_RESTRICT b,
    std::size_t depth,
    float* HWY_RESTRICT c,
    std::size_t ldc,
    bool add) {
  std::size_t i = 0;
  for (; i + kTileRows <= rows; i += kTileRows) {
    tile<kTileRows, kAhead>(a + i * lda, lda, b, depth, c + i * ldc, ldc, add);
  }
  const float* last = a + i * lda;
  float* out = c + i * ldc;
  switch (rows - i) {
    case 1:
      tile<1>(last, lda, b, depth, out, ldc, add);
      break;
    case 2:
      tile<2>(last, lda, b, depth, out, ldc, add);
      break;
    case 3:
      tile<3>(last, lda, b, depth, out, ldc, add);
      break;
    case 4:
      tile<4>(last, lda, b, depth, out, ldc, add);
      break;
    case 5:
      tile<5>(last, lda, b, depth, out, ldc, add);
      break;
    default:
      break;
  }
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#endif
