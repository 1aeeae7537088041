// SPDX-License-Identifier: MIT
#include "kernels/affine.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/affine.cpp"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"
#include "kernels/affine-inl.h"
#include "kernels/finish-inl.h"
#include "kernels/pieces.h"
#include "kernels/simd_numbers-inl.h"

#ifndef MLXAUDIO_KERNELS_AFFINE_ONCE
#define MLXAUDIO_KERNELS_AFFINE_ONCE

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace mlxaudio::kernels {

/// Numbers in the widest vector. What is padded, is to a multiple of it.
inline constexpr std::size_t kWidest = 16;

inline constexpr std::size_t padded(std::size_t groups) {
  return (groups + kWidest - 1) / kWidest * kWidest;
}

/// Rows of x as sums over packed values take them.
struct AffineRows {
  float* x = nullptr; ///< [rows, stride]
  std::size_t stride = 0;
  float* sums = nullptr; ///< of each group [rows, padded(groups)], 0 past them
};

/// Scales and biases of a piece's columns, widened all at once: of one column
/// they are fewer than a vector holds. \shape [columns, groups]
struct AffineGroups {
  float* scales = nullptr;
  float* biases = nullptr; ///< and kWidest zeros past them
};

} // namespace mlxaudio::kernels

#endif

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

/// For 4 bits: of 32 inputs those that low bits are multiplied with come
/// first, then those of high bits, h / 16. A byte is 16 high + low, so that
/// byte * h / 16 + low * (l - h / 16) = high * h + low * l: no shift is needed.
HWY_INLINE void split_pairs(
    const float* HWY_RESTRICT x, std::size_t in, float* HWY_RESTRICT to) {
  for (std::size_t k = 0; k < in; k += 2 * kWidest, to += 2 * kWidest) {
    for (std::size_t i = 0; i < kWidest; ++i) {
      const float high = x[k + 2 * i + 1] * 0.0625f;
      to[i] = x[k + 2 * i] - high;
      to[kWidest + i] = high;
    }
  }
}

/// All rows of a task, one by one.
void PrepareAffine(const Linear& task, const AffineRows& to) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t group = task.affine.group, groups = task.in / group;
  for (std::size_t i = 0; i < task.rows; ++i) {
    const float* const x = task.x + i * task.stride;
    float* const sums = to.sums + i * padded(groups);
    std::fill(sums + groups, sums + padded(groups), 0.0f);
    for (std::size_t g = 0; g < groups; ++g) {
      auto sum = hn::Zero(d);
      for (std::size_t k = 0; k < group; k += lanes) {
        sum = hn::Add(sum, hn::LoadU(d, x + g * group + k));
      }
      sums[g] = hn::GetLane(hn::SumOfLanes(d, sum));
    }
    if (task.affine.bits == 4) {
      split_pairs(x, task.in, to.x + i * to.stride);
    } else {
      std::copy_n(x, task.in, to.x + i * to.stride);
    }
  }
}

/// Sums of kOut rows of weights, from row `column` on, with kRows rows of x.
/// \param of_groups from that row on \param sums [kRows, kColumns]
template <std::size_t kBits, std::size_t kRows, std::size_t kOut>
HWY_INLINE void dots_affine(
    const AffineWeights& weights,
    std::size_t in,
    const AffineRows& x,
    const AffineGroups& of_groups,
    std::size_t column,
    float* HWY_RESTRICT sums) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d), groups = in / weights.group;
  const std::size_t row_bytes = in * kBits / 8;
  const std::size_t group_bytes = weights.group * kBits / 8;
  const std::uint8_t* const HWY_RESTRICT values =
      weights.values + column * row_bytes;
  V sum[kOut][kRows];
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      sum[j][i] = hn::Zero(d);
    }
  }
  // The rows after these are asked for meanwhile, in the order of memory. As a
  // number: what is asked for may lie beyond the last weight.
  constexpr std::size_t kLine = 64;
  auto ahead = reinterpret_cast<std::uintptr_t>(values + kOut * row_bytes);

  // Past a column's biases are others, and past the sums of x zeros.
  for (std::size_t g = 0; g < groups; g += lanes) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kOut; ++j) {
      const V bias = hn::LoadU(d, of_groups.biases + j * groups + g);
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kRows; ++i) {
        const V of_row = hn::LoadU(d, x.sums + i * padded(groups) + g);
        sum[j][i] = hn::MulAdd(bias, of_row, sum[j][i]);
      }
    }
  }
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t i = 0; i < kOut * group_bytes; i += kLine) {
      hwy::Prefetch(reinterpret_cast<const char*>(ahead + i));
    }
    ahead += kOut * group_bytes;
    V part[kOut][kRows];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kRows; ++i) {
        part[j][i] = hn::Zero(d);
      }
    }
    const std::size_t begin = g * group_bytes;
    for (std::size_t k = begin; k < begin + group_bytes; k += lanes) {
      if constexpr (kBits == 8) {
        V right[kRows];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kRows; ++i) {
          right[i] = hn::LoadU(d, x.x + i * x.stride + k);
        }
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kOut; ++j) {
          const V left =
              hn::ConvertTo(d, load_bytes(d, values + j * row_bytes + k));
#pragma GCC unroll 8
          for (std::size_t i = 0; i < kRows; ++i) {
            part[j][i] = hn::MulAdd(left, right[i], part[j][i]);
          }
        }
      } else {
        const hn::RebindToSigned<decltype(d)> di;
        const auto low_bits = hn::Set(di, 15);
        const std::size_t at = k / kWidest * 2 * kWidest + k % kWidest;
        V low_x[kRows], high_x[kRows];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kRows; ++i) {
          low_x[i] = hn::LoadU(d, x.x + i * x.stride + at);
          high_x[i] = hn::LoadU(d, x.x + i * x.stride + at + kWidest);
        }
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kOut; ++j) {
          const auto both = load_bytes(d, values + j * row_bytes + k);
          const V byte = hn::ConvertTo(d, both);
          const V low = hn::ConvertTo(d, hn::And(both, low_bits));
#pragma GCC unroll 8
          for (std::size_t i = 0; i < kRows; ++i) {
            part[j][i] = hn::MulAdd(byte, high_x[i], part[j][i]);
            part[j][i] = hn::MulAdd(low, low_x[i], part[j][i]);
          }
        }
      }
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kOut; ++j) {
      const V scale = hn::Set(d, of_groups.scales[j * groups + g]);
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kRows; ++i) {
        sum[j][i] = hn::MulAdd(part[j][i], scale, sum[j][i]);
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

template <std::size_t kBits, std::size_t kRows>
HWY_INLINE void matvec_affine_rows(
    const Linear& task,
    const AffineRows& x,
    const Piece& piece,
    const AffineGroups& of_groups,
    float* sums) {
  // As many sums as hide the latency of an addition.
  constexpr std::size_t kOut = kRows == 1 ? 4 : 2;
  const std::size_t groups = task.in / task.affine.group;
  const auto some = [&](std::size_t j, auto count) HWY_ATTR {
    dots_affine<kBits, kRows, count()>(
        task.affine,
        task.in,
        x,
        {of_groups.scales + j * groups, of_groups.biases + j * groups},
        piece.column + j,
        sums + j);
  };
  std::size_t j = 0;
  for (; j + kOut <= piece.columns; j += kOut) {
    some(j, std::integral_constant<std::size_t, kOut>());
  }
  for (; j < piece.columns; ++j) {
    some(j, std::integral_constant<std::size_t, 1>());
  }
}

/// Columns of all rows.
/// \param scratch 2 * kColumns * groups + kWidest floats
void AffinePiece(
    const Linear& task,
    const AffineRows& x,
    const Piece& piece,
    float* scratch) {
  const std::size_t groups = task.in / task.affine.group;
  const std::size_t from = piece.column * groups, n = piece.columns * groups;
  const AffineGroups of_groups{scratch, scratch + n};
  widen(task.affine.scales.from(from), n, of_groups.scales);
  widen(task.affine.biases.from(from), n, of_groups.biases);
  std::fill_n(of_groups.biases + n, kWidest, 0.0f);
  HWY_ALIGN float sums[kMatvecRows * kColumns] = {};
  with_count<kMatvecRows>(piece.rows, [&](auto rows) HWY_ATTR {
    if (task.affine.bits == 8) {
      matvec_affine_rows<8, rows()>(task, x, piece, of_groups, sums);
    } else {
      matvec_affine_rows<4, rows()>(task, x, piece, of_groups, sums);
    }
  });
  HWY_ALIGN float bias[kColumns] = {};
  if (task.bias) {
    widen(task.bias.from(piece.column), piece.columns, bias);
  }
  finish_rows(task, piece, sums, bias);
}

void DequantizePart(
    const AffineWeights& weights,
    std::size_t in,
    std::size_t row,
    std::size_t k,
    std::size_t n,
    float* to) {
  dequantize_part(weights, in, row, k, n, to);
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace mlxaudio::kernels {

HWY_EXPORT(PrepareAffine);
HWY_EXPORT(AffinePiece);
HWY_EXPORT(DequantizePart);

void dequantize(
    const AffineWeights& weights,
    std::size_t in,
    std::size_t row,
    std::size_t k,
    std::size_t n,
    float* to) {
  HWY_DYNAMIC_DISPATCH(DequantizePart)(weights, in, row, k, n, to);
}

void matvec_affine(const Linear& task) {
  if (task.rows == 0) {
    return;
  }
  const std::size_t groups = task.in / task.affine.group;
  const auto memory =
      allocate_aligned<float>(task.rows * (task.in + padded(groups)));
  const AffineRows x{memory.get(), task.in, memory.get() + task.rows * task.in};
  HWY_DYNAMIC_DISPATCH(PrepareAffine)(task, x);
  const Pieces pieces{task.rows, task.out};
  auto* const piece_of = HWY_DYNAMIC_DISPATCH(AffinePiece);
  const auto make = [&] { return Scratch(2 * kColumns * groups + kWidest); };
  const auto compute = [&](std::size_t i, const Scratch& scratch) {
    piece_of(task, x, pieces.at(i), scratch.get());
  };
  if (is_worth_threads(task)) {
    parallel_for_with<Scratch>(pieces.count(), make, compute);
    return;
  }
  const Scratch scratch = make();
  for (std::size_t i = 0; i < pieces.count(); ++i) {
    compute(i, scratch);
  }
}

} // namespace mlxaudio::kernels

#endif
