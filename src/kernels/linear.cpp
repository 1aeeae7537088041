// SPDX-License-Identifier: MIT
#include "kernels/linear.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear.cpp"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"
#include "kernels/affine-inl.h"
#include "kernels/finish-inl.h"
#include "kernels/gemm-inl.h"
#include "kernels/int12-inl.h"
#include "kernels/pieces.h"
#include "kernels/simd_numbers-inl.h"

#ifndef MLXAUDIO_KERNELS_LINEAR_ONCE
#define MLXAUDIO_KERNELS_LINEAR_ONCE

#include <algorithm>
#include <cstdint>

namespace mlxaudio::kernels {

/// Inputs that are summed in registers before they are added to the result: the
/// weights of a piece stay in the second-level cache, and partial sums make the
/// rounding error smaller than one long sum does.
inline constexpr std::size_t kDepth = 128;

} // namespace mlxaudio::kernels

#endif

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

/// Lays weights [columns, depth] out as panels [depth, panel], widened;
/// columns that do not exist are zero.
/// \param widen_part (j, k, n, to) widens numbers [k, k + n) of column j
template <class Widen>
HWY_INLINE void pack(
    std::size_t columns,
    std::size_t depth,
    float* HWY_RESTRICT packed,
    const Widen& widen_part) {
  constexpr std::size_t kRun = 64;
  const std::size_t panel = panel_columns();
  HWY_ALIGN float run[kRun];
  for (std::size_t j = 0; j < kColumns; ++j) {
    float* to = packed + j / panel * panel * depth + j % panel;
    for (std::size_t k = 0; k < depth; k += kRun) {
      const std::size_t n = std::min(kRun, depth - k);
      if (j < columns) {
        widen_part(j, k, n, run);
        for (std::size_t i = 0; i < n; ++i) {
          to[(k + i) * panel] = run[i];
        }
      } else {
        for (std::size_t i = 0; i < n; ++i) {
          to[(k + i) * panel] = 0.0f;
        }
      }
    }
  }
}

/// One piece. \param scratch kColumns * (kDepth + rows) floats
void LinearPiece(const Linear& task, Piece piece, float* scratch) {
  float* const packed = scratch;
  float* const sums = scratch + kColumns * kDepth;
  const std::size_t panel = panel_columns();
  const std::size_t panels = (piece.columns + panel - 1) / panel;
  const float* x = task.x + piece.row * task.stride;
  for (std::size_t k = 0; k < task.in; k += kDepth) {
    const std::size_t depth = std::min(kDepth, task.in - k);
    if (task.affine) {
      pack(
          piece.columns,
          depth,
          packed,
          [&](std::size_t j, std::size_t i, std::size_t n, float* to) HWY_ATTR {
            const std::size_t row = piece.column + j;
            dequantize_part(task.affine, task.in, row, k + i, n, to);
          });
    } else if (task.int12) {
      pack(
          piece.columns,
          depth,
          packed,
          [&](std::size_t j, std::size_t i, std::size_t n, float* to) HWY_ATTR {
            const std::size_t row = piece.column + j;
            dequantize_int12_part(task.int12, task.in, row, k + i, n, to);
          });
    } else {
      const Numbers weight = task.weight.from(piece.column * task.in + k);
      with_type(weight, [&](const auto* w) {
        pack(
            piece.columns,
            depth,
            packed,
            [&](std::size_t j, std::size_t i, std::size_t n, float* to)
                HWY_ATTR { widen(w + j * task.in + i, n, to); });
      });
    }
    for (std::size_t i = 0; i < piece.rows; i += kTileRows) {
      const std::size_t rows = std::min(kTileRows, piece.rows - i);
      for (std::size_t j = 0; j < panels; ++j) {
        multiply_panel<true>(
            x + i * task.stride + k,
            task.stride,
            rows,
            packed + j * panel * depth,
            depth,
            sums + i * kColumns + j * panel,
            kColumns,
            k > 0);
      }
    }
  }
  HWY_ALIGN float bias[kColumns] = {};
  if (task.bias) {
    widen(task.bias.from(piece.column), piece.columns, bias);
  }
  finish_rows(task, piece, sums, bias);
}

/// Sums of kOut rows of weights with kRows rows of x. Meanwhile the rows after
/// them are asked for, in the order of memory: the hardware sees kOut places
/// that move together and runs ahead of none of them far enough.
template <std::size_t kRows, std::size_t kOut, class T>
HWY_INLINE void dots(
    const float* HWY_RESTRICT x,
    std::size_t stride,
    const T* HWY_RESTRICT weight,
    std::size_t in,
    float* HWY_RESTRICT sums) {
  const FloatTag d;
  using V = hn::Vec<FloatTag>;
  const std::size_t lanes = hn::Lanes(d);
  V sum[kOut][kRows];
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      sum[j][i] = hn::Zero(d);
    }
  }
  constexpr std::size_t kLine = 64;
  const std::size_t step = kOut * lanes * sizeof(T);
  // As a number: what is asked for may lie beyond the last weight.
  auto ahead = reinterpret_cast<std::uintptr_t>(weight + kOut * in);
  std::size_t k = 0;
  for (; k + lanes <= in; k += lanes) {
    for (std::size_t i = 0; i < step; i += kLine) {
      hwy::Prefetch(reinterpret_cast<const char*>(ahead + i));
    }
    ahead += step;
    V right[kRows];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      right[i] = hn::LoadU(d, x + i * stride + k);
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kOut; ++j) {
      const V left = load_wide(d, weight + j * in + k);
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kRows; ++i) {
        sum[j][i] = hn::MulAdd(left, right[i], sum[j][i]);
      }
    }
  }
  if (k < in) {
    for (std::size_t j = 0; j < kOut; ++j) {
      const V left = load_wide_part(d, weight + j * in + k, in - k);
      for (std::size_t i = 0; i < kRows; ++i) {
        const V right = load_wide_part(d, x + i * stride + k, in - k);
        sum[j][i] = hn::MulAdd(left, right, sum[j][i]);
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      sums[i * kColumns + j] = hn::GetLane(hn::SumOfLanes(d, sum[j][i]));
    }
  }
}

template <std::size_t kRows, class T>
HWY_INLINE void matvec_rows(
    const Linear& task, const T* weight, Piece piece, float* sums) {
  // As many sums as hide the latency of an addition.
  constexpr std::size_t kOut = kRows == 1 ? 8 : kRows == 2 ? 4 : 2;
  std::size_t j = 0;
  for (; j + kOut <= piece.columns; j += kOut) {
    dots<kRows, kOut>(
        task.x,
        task.stride,
        weight + j * task.in,
        task.in,
        sums + j);
  }
  for (; j < piece.columns; ++j) {
    dots<kRows, 1>(
        task.x,
        task.stride,
        weight + j * task.in,
        task.in,
        sums + j);
  }
}

/// A piece of all rows.
void MatvecPiece(const Linear& task, Piece piece) {
  HWY_ALIGN float sums[kMatvecRows * kColumns] = {};
  with_type(task.weight.from(piece.column * task.in), [&](const auto* w) {
    with_count<kMatvecRows>(piece.rows, [&](auto rows) HWY_ATTR {
      matvec_rows<rows()>(task, w, piece, sums);
    });
  });
  HWY_ALIGN float bias[kColumns] = {};
  if (task.bias) {
    widen(task.bias.from(piece.column), piece.columns, bias);
  }
  finish_rows(task, piece, sums, bias);
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include "kernels/int12.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace mlxaudio::kernels {

HWY_EXPORT(LinearPiece);
HWY_EXPORT(MatvecPiece);

void linear(const Linear& task) {
  if (task.rows == 0) {
    return;
  }
  const Pieces pieces = pieces_of(task);
  auto* const piece_of = HWY_DYNAMIC_DISPATCH(LinearPiece);
  parallel_for_with<Scratch>(
      pieces.count(),
      [&] { return Scratch(kColumns * (kDepth + pieces.most_rows() + 1)); },
      [&](std::size_t i, const auto& scratch) {
        piece_of(task, pieces.at(i), scratch.get());
      });
}

void matvec(const Linear& task) {
  if (task.affine) {
    matvec_affine(task);
    return;
  }
  if (task.int12) {
    matvec_int12(task);
    return;
  }
  if (task.rows == 0) {
    return;
  }
  const Pieces pieces{task.rows, task.out};
  auto* const piece_of = HWY_DYNAMIC_DISPATCH(MatvecPiece);
  parallel_for(pieces.count(), is_worth_threads(task), [&](std::size_t i) {
    piece_of(task, pieces.at(i));
  });
}

} // namespace mlxaudio::kernels

#endif
