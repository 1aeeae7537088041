// SPDX-License-Identifier: MIT
#include "kernels/reduced.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduced.cpp"
#include "hwy/foreach_target.h"
#include "kernels/affine-inl.h"
#include "kernels/finish-inl.h"
#include "kernels/gemm-inl.h"
#include "kernels/quantize-inl.h"
#include "kernels/simd_numbers-inl.h"

#ifndef MLXAUDIO_KERNELS_REDUCED_ONCE
#define MLXAUDIO_KERNELS_REDUCED_ONCE

#include <algorithm>
#include <cstring>

#include "kernels/reduced_kind.h"

#endif

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

// What a panel of 8-bit weights, and rows of x, are kept in: 16 bits where two
// products of them are summed by one instruction in 32, which cannot overflow;
// elsewhere f32, in which the sum of a group is exact too.
#if HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
using Native = std::int16_t;
/// Numbers that lie together in a panel, for each column.
inline constexpr std::size_t kPair = 2;
#else
using Native = float;
inline constexpr std::size_t kPair = 1;
#endif

template <class T, class D, class V>
HWY_INLINE void store_as(D d, V whole, T* to) {
  if constexpr (sizeof(T) == sizeof(float)) {
    hn::StoreU(hn::ConvertTo(d, whole), d, to);
  } else {
    const hn::Rebind<T, D> narrow;
    hn::StoreU(hn::DemoteTo(narrow, whole), narrow, to);
  }
}

/// Rounds `in` numbers to whole ones up to kGreatest, times the scale of their
/// group. \param to [groups * kGroup], 0 past `in`
template <int kGreatest, class T>
HWY_INLINE void quantize_row(
    const float* HWY_RESTRICT x,
    std::size_t in,
    T* HWY_RESTRICT to,
    float* HWY_RESTRICT scales) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN float last[kGroup];
  for (std::size_t g = 0; g * kGroup < in; ++g) {
    const float* from = x + g * kGroup;
    if (in - g * kGroup < kGroup) {
      std::fill(last, last + kGroup, 0.0f);
      std::copy(from, x + in, last);
      from = last;
    }
    const auto group = group_scale(from, kGroup, static_cast<float>(kGreatest));
    scales[g] = group.scale;
    const auto factor = hn::Set(d, group.factor);
    for (std::size_t i = 0; i < kGroup; i += lanes) {
      const auto whole =
          hn::NearestInt(hn::Mul(hn::LoadU(d, from + i), factor));
      store_as(d, whole, to + g * kGroup + i);
    }
  }
}

void PrepareNative(const float* x, std::size_t in, const ReducedRows& to) {
  quantize_row<kGreatestInput>(
      x,
      in,
      reinterpret_cast<Native*>(to.values),
      to.scales);
}

/// Rows [row, row + rows) of a matrix of weights.
/// \param affine in place of `weight`, or null
void QuantizeWeights(
    const Numbers& weight,
    const AffineWeights& affine,
    std::size_t row,
    std::size_t rows,
    std::size_t in,
    float* HWY_RESTRICT wide,
    std::int8_t* values,
    float* scales) {
  const std::size_t groups = groups_of(in);
  for (std::size_t j = row; j < row + rows; ++j) {
    if (affine) {
      dequantize_part(affine, in, j, 0, in, wide);
    } else {
      widen(weight.from(j * in), in, wide);
    }
    quantize_row<kGreatestWeight>(
        wide,
        in,
        values + j * groups * kGroup,
        scales + j * groups);
  }
}

/// A panel of smaller ones, as wide as a register tile; in each, kPair numbers
/// of a column lie together, and columns side by side.
void PackNative(
    const Linear& task,
    const Int8Weights& weights,
    std::size_t column,
    std::size_t columns,
    const ReducedPanel& to) {
  const std::size_t groups = groups_of(task.in), depth = groups * kGroup;
  const std::size_t panel = panel_columns();
  auto* const values = reinterpret_cast<Native*>(to.values);
  std::memset(to.scales, 0, groups * kColumns * sizeof(float));
  for (std::size_t j = 0; j < columns; ++j) {
    const std::int8_t* from = weights.values + (column + j) * depth;
    Native* at = values + j / panel * panel * depth + j % panel * kPair;
    for (std::size_t k = 0; k < depth; k += kPair, at += panel * kPair) {
      for (std::size_t i = 0; i < kPair; ++i) {
        at[i] = from[k + i];
      }
    }
    for (std::size_t g = 0; g < groups; ++g) {
      to.scales[g * kColumns + j] = weights.scales[(column + j) * groups + g];
    }
  }
}

#if HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

/// Whole sums of one vector of columns.
using Sum = hn::Vec<hn::RebindToSigned<FloatTag>>;

HWY_INLINE Sum no_sum() {
  return hn::Zero(hn::RebindToSigned<FloatTag>());
}

using NativeTag = hn::Repartition<Native, hn::RebindToSigned<FloatTag>>;

/// A pair of a row, for each column.
HWY_INLINE hn::Vec<NativeTag> broadcast(const Native* left) {
  std::int32_t pair = 0;
  std::memcpy(&pair, left, sizeof(pair));
  return hn::BitCast(
      NativeTag(),
      hn::Set(hn::RebindToSigned<FloatTag>(), pair));
}

HWY_INLINE Sum
add_products(hn::Vec<NativeTag> left, hn::Vec<NativeTag> right, Sum sum) {
  const hn::RebindToSigned<FloatTag> d;
  Sum rest = no_sum();
  return hn::ReorderWidenMulAccumulate(d, left, right, sum, rest);
}

HWY_INLINE hn::Vec<FloatTag> wide_sum(Sum sum) {
  return hn::ConvertTo(FloatTag(), sum);
}

#else

using Sum = hn::Vec<FloatTag>;

HWY_INLINE Sum no_sum() {
  return hn::Zero(FloatTag());
}

using NativeTag = FloatTag;

HWY_INLINE Sum broadcast(const Native* left) {
  return hn::Set(FloatTag(), *left);
}

HWY_INLINE Sum add_products(Sum left, Sum right, Sum sum) {
  return hn::MulAdd(left, right, sum);
}

HWY_INLINE Sum wide_sum(Sum sum) {
  return sum;
}

#endif

/// Adds what one group of inputs gives for one vector tile of columns.
/// \param left [kRows, depth] \param of_rows the rows' scales, `groups` apart
/// \param of_columns the columns' scales \param sums [kRows, kColumns]
template <std::size_t kRows>
HWY_INLINE void add_group(
    const Native* HWY_RESTRICT left,
    std::size_t depth,
    const float* HWY_RESTRICT of_rows,
    std::size_t groups,
    const Native* HWY_RESTRICT right,
    const float* HWY_RESTRICT of_columns,
    bool first,
    float* HWY_RESTRICT sums) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  Sum sum[kRows][kTileVectors];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kTileVectors; ++j) {
      sum[i][j] = no_sum();
    }
  }
#pragma GCC unroll 4
  for (std::size_t k = 0; k < kGroup; k += kPair) {
    hn::Vec<NativeTag> weights[kTileVectors];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kTileVectors; ++j) {
      weights[j] = hn::LoadU(NativeTag(), right + j * lanes * kPair);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto pair = broadcast(left + i * depth + k);
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kTileVectors; ++j) {
        sum[i][j] = add_products(pair, weights[j], sum[i][j]);
      }
    }
    right += panel_columns() * kPair;
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto of_row = hn::Set(d, of_rows[i * groups]);
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kTileVectors; ++j) {
      const auto scale = hn::Mul(of_row, hn::LoadU(d, of_columns + j * lanes));
      float* const to = sums + i * kColumns + j * lanes;
      const auto before = first ? hn::Zero(d) : hn::LoadU(d, to);
      hn::StoreU(hn::MulAdd(wide_sum(sum[i][j]), scale, before), d, to);
    }
  }
}

template <std::size_t kRows>
HWY_INLINE void multiply_native_rows(
    const ReducedRows& x,
    std::size_t groups,
    const ReducedPanel& panel,
    float* HWY_RESTRICT sums) {
  // Where there are 16 registers a tile of all rows has none for a product
  // before it is added.
  constexpr std::size_t kMost = kTileVectors == 2 ? 3 : kReducedRows;
  constexpr std::size_t kFirst = std::min(kRows, kMost);
  const std::size_t columns = panel_columns(), depth = groups * kGroup;
  const auto* left = reinterpret_cast<const Native*>(x.values);
  const auto* right = reinterpret_cast<const Native*>(panel.values);
  for (std::size_t column = 0; column < kColumns; column += columns) {
    for (std::size_t g = 0; g < groups; ++g) {
      const float* const of_columns = panel.scales + g * kColumns + column;
      add_group<kFirst>(
          left + g * kGroup,
          depth,
          x.scales + g,
          groups,
          right,
          of_columns,
          g == 0,
          sums + column);
      if constexpr (kRows > kFirst) {
        add_group<kRows - kFirst>(
            left + kFirst * depth + g * kGroup,
            depth,
            x.scales + kFirst * groups + g,
            groups,
            right,
            of_columns,
            g == 0,
            sums + kFirst * kColumns + column);
      }
      right += kGroup * columns;
    }
  }
}

void MultiplyNative(
    const ReducedRows& x,
    std::size_t rows,
    std::size_t groups,
    const ReducedPanel& panel,
    float* sums) {
  with_count<kReducedRows>(rows, [&](auto count) HWY_ATTR {
    multiply_native_rows<count()>(x, groups, panel, sums);
  });
}

std::size_t NativeItem() {
  return sizeof(Native);
}

/// One piece of a product of many rows. \param x all of them, prepared
void ReducedLinearPiece(
    const Linear& task,
    const Int8Weights& weights,
    const ReducedKind& kind,
    const ReducedRows& x,
    const Piece& piece,
    const ReducedPanel& panel) {
  const std::size_t groups = groups_of(task.in);
  kind.pack(task, weights, piece.column, piece.columns, panel);
  HWY_ALIGN float bias[kColumns] = {};
  if (task.bias) {
    widen(task.bias.from(piece.column), piece.columns, bias);
  }
  HWY_ALIGN float sums[kReducedRows * kColumns];
  for (std::size_t i = 0; i < piece.rows; i += kReducedRows) {
    const std::size_t row = piece.row + i;
    const std::size_t rows = std::min(kReducedRows, piece.rows - i);
    const ReducedRows some{
        x.values + row * groups * kGroup * kind.item,
        x.scales + row * groups};
    kind.multiply(some, rows, groups, panel, sums);
    finish_rows(task, {row, rows, piece.column, piece.columns}, sums, bias);
  }
}

/// Sums of kOut rows of 8-bit weights with kRows rows of x.
/// \param x [kRows, depth] \param sums [kRows, kColumns]
template <std::size_t kRows, std::size_t kOut>
HWY_INLINE void dots_int8(
    const float* HWY_RESTRICT x,
    std::size_t stride,
    const std::int8_t* HWY_RESTRICT values,
    const float* HWY_RESTRICT scales,
    std::size_t groups,
    float* HWY_RESTRICT sums) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const hn::Rebind<std::int8_t, FloatTag> narrow;
  using V = hn::Vec<FloatTag>;
  const std::size_t lanes = hn::Lanes(d), depth = groups * kGroup;
  V sum[kOut][kRows];
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      sum[j][i] = hn::Zero(d);
    }
  }
  for (std::size_t g = 0; g < groups; ++g) {
    V part[kOut][kRows];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kRows; ++i) {
        part[j][i] = hn::Zero(d);
      }
    }
    for (std::size_t k = g * kGroup; k < (g + 1) * kGroup; k += lanes) {
      V right[kRows];
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kRows; ++i) {
        right[i] = hn::LoadU(d, x + i * stride + k);
      }
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kOut; ++j) {
        const V left = hn::ConvertTo(
            d,
            hn::PromoteTo(di, hn::LoadU(narrow, values + j * depth + k)));
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kRows; ++i) {
          part[j][i] = hn::MulAdd(left, right[i], part[j][i]);
        }
      }
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kOut; ++j) {
      const V scale = hn::Set(d, scales[j * groups + g]);
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

template <std::size_t kRows>
HWY_INLINE void matvec_int8_rows(
    const Linear& task,
    const Int8Weights& weights,
    const Piece& piece,
    float* sums) {
  // As many sums as hide the latency of an addition.
  constexpr std::size_t kOut = kRows == 1 ? 4 : 2;
  const std::size_t groups = groups_of(task.in);
  const auto some = [&](std::size_t j, auto count) HWY_ATTR {
    dots_int8<kRows, count()>(
        task.x,
        task.stride,
        weights.values + (piece.column + j) * groups * kGroup,
        weights.scales + (piece.column + j) * groups,
        groups,
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

/// Columns of all rows. \param task its rows are padded to whole groups
void ReducedMatvecPiece(
    const Linear& task, const Int8Weights& weights, const Piece& piece) {
  HWY_ALIGN float sums[kMatvecRows * kColumns] = {};
  with_count<kMatvecRows>(piece.rows, [&](auto rows) HWY_ATTR {
    matvec_int8_rows<rows()>(task, weights, piece, sums);
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

#include <vector>

#include "kernels/avx512_dot.h"
#include "kernels/compute.h"
#include "kernels/cpu.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"
#include "mlxaudio/error.h"

namespace mlxaudio::kernels {

HWY_EXPORT(PrepareNative);
HWY_EXPORT(QuantizeWeights);
HWY_EXPORT(PackNative);
HWY_EXPORT(MultiplyNative);
HWY_EXPORT(NativeItem);
HWY_EXPORT(ReducedLinearPiece);
HWY_EXPORT(ReducedMatvecPiece);

namespace {

ReducedKind int8_kind() {
  isa(); // before Highway chooses: panels must be of its layout
  auto* multiply = HWY_DYNAMIC_DISPATCH(MultiplyNative);
#if defined(__x86_64__)
  if (has_int8_dot()) {
    multiply = avx512::multiply_int8;
  }
#endif
  return {
      HWY_DYNAMIC_DISPATCH(NativeItem)(),
      HWY_DYNAMIC_DISPATCH(PrepareNative),
      HWY_DYNAMIC_DISPATCH(PackNative),
      multiply};
}

/// Rows in memory of their own.
class Prepared {
 public:
  Prepared(std::size_t rows, std::size_t groups, std::size_t item)
      : groups_(groups),
        row_bytes_(groups * kGroup * item),
        values_(allocate_aligned<std::byte>(rows * row_bytes_)),
        scales_(allocate_aligned<float>(rows * groups)) {}

  ReducedRows from(std::size_t row) const {
    return {values_.get() + row * row_bytes_, scales_.get() + row * groups_};
  }

 private:
  std::size_t groups_, row_bytes_;
  Aligned<std::byte> values_;
  Aligned<float> scales_;
};

/// A panel in memory of its own.
struct PanelMemory {
  Aligned<std::byte> values;
  Aligned<float> scales;
};

void reduced_linear(
    const Linear& task, const Int8Weights& weights, const ReducedKind& kind) {
  if (task.rows == 0) {
    return;
  }
  const std::size_t groups = groups_of(task.in);
  const Prepared x(task.rows, groups, kind.item);
  constexpr std::size_t kRowsAtOnce = 32;
  parallel_for(
      (task.rows + kRowsAtOnce - 1) / kRowsAtOnce,
      true,
      [&](std::size_t i) {
        const std::size_t begin = i * kRowsAtOnce;
        const std::size_t end = std::min(task.rows, begin + kRowsAtOnce);
        for (std::size_t row = begin; row < end; ++row) {
          kind.prepare(task.x + row * task.stride, task.in, x.from(row));
        }
      });
  const Pieces pieces = pieces_of(task);
  auto* const piece_of = HWY_DYNAMIC_DISPATCH(ReducedLinearPiece);
  parallel_for_with<PanelMemory>(
      pieces.count(),
      [&] {
        return PanelMemory{
            allocate_aligned<std::byte>(kColumns * groups * kGroup * kind.item),
            allocate_aligned<float>(kColumns * groups)};
      },
      [&](std::size_t i, const PanelMemory& memory) {
        piece_of(
            task,
            weights,
            kind,
            x.from(0),
            pieces.at(i),
            {memory.values.get(), memory.scales.get()});
      });
}

void quantize_rows(
    const Numbers& weight,
    const AffineWeights& affine,
    std::size_t out,
    std::size_t in,
    std::int8_t* values,
    float* scales) {
  isa(); // a wrong MLXAUDIO_ISA is an error here, too
  constexpr std::size_t kRowsAtOnce = 16;
  auto* const rows_of = HWY_DYNAMIC_DISPATCH(QuantizeWeights);
  parallel_for_with<Aligned<float>>(
      (out + kRowsAtOnce - 1) / kRowsAtOnce,
      [&] { return allocate_aligned<float>(in); },
      [&](std::size_t i, const Aligned<float>& wide) {
        const std::size_t row = i * kRowsAtOnce;
        rows_of(
            weight,
            affine,
            row,
            std::min(kRowsAtOnce, out - row),
            in,
            wide.get(),
            values,
            scales);
      });
}

} // namespace

void quantize(
    const Numbers& weight,
    std::size_t out,
    std::size_t in,
    std::int8_t* values,
    float* scales) {
  quantize_rows(weight, {}, out, in, values, scales);
}

void quantize(
    const AffineWeights& weight,
    std::size_t out,
    std::size_t in,
    std::int8_t* values,
    float* scales) {
  quantize_rows({}, weight, out, in, values, scales);
}

void linear_int8(const Linear& task, const Int8Weights& weights) {
  reduced_linear(task, weights, int8_kind());
}

void linear_bf16(const Linear& task) {
#if defined(__x86_64__)
  reduced_linear(
      task,
      {},
      {2, avx512::prepare_bf16, avx512::pack_bf16, avx512::multiply_bf16});
#else
  throw UnsupportedError("[kernels.linear_bf16] this processor has no bf16");
#endif
}

void matvec_int8(const Linear& task, const Int8Weights& weights) {
  if (task.rows == 0) {
    return;
  }
  const std::size_t groups = groups_of(task.in), depth = groups * kGroup;
  Linear padded = task;
  std::vector<float> x;
  if (depth != task.in) {
    x.resize(task.rows * depth);
    for (std::size_t i = 0; i < task.rows; ++i) {
      std::copy_n(task.x + i * task.stride, task.in, x.data() + i * depth);
    }
    padded.x = x.data();
    padded.stride = depth;
  }
  const Pieces pieces{task.rows, task.out};
  auto* const piece_of = HWY_DYNAMIC_DISPATCH(ReducedMatvecPiece);
  parallel_for(pieces.count(), is_worth_threads(task), [&](std::size_t i) {
    piece_of(padded, weights, pieces.at(i));
  });
}

} // namespace mlxaudio::kernels

#endif
