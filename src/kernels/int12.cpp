// SPDX-License-Identifier: MIT
#include "kernels/int12.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int12.cpp"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"
#include "kernels/finish-inl.h"
#include "kernels/int12-inl.h"
#include "kernels/pieces.h"
#include "kernels/quantize-inl.h"
#include "kernels/simd_numbers-inl.h"

#ifndef MLXAUDIO_KERNELS_INT12_ONCE
#define MLXAUDIO_KERNELS_INT12_ONCE

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

namespace mlxaudio::kernels {

/// Which bits of weights a sum is over: of low ones their mean alone, or all.
enum class Bits { high, all };

/// The greatest of a group of x as it is rounded.
inline constexpr int kGreatestOfX = 32767;

/// What a high bit is worth, and low ones are in the mean: they are -8 to 7.
inline constexpr float kHighWorth = 16.0f, kLowMean = -0.5f;

/// Rows rounded to whole numbers of 16 bits, times a scale for each group of
/// Int12Weights::kGroup: what one is off is a sixteenth of what a weight is.
struct RoundedRows {
  std::size_t depth = 0;            ///< of a row, to whole groups
  std::vector<std::int16_t> values; ///< [rows, depth]
  std::vector<float> scales;        ///< [rows, groups]
  /// Products of a group with the mean of low bits, where a high one is worth
  /// 1. \shape [rows, groups]
  std::vector<std::int32_t> of_mean;
};

/// What bounds the error of a row's high bits: squares of norms.
struct Squares {
  double low = 0;    ///< of low bits from their mean
  double scales = 0; ///< of groups' scales
  double all = 0;    ///< of weights
};

} // namespace mlxaudio::kernels

#endif

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

inline constexpr std::size_t kGroupOf12 = Int12Weights::kGroup;
inline constexpr std::size_t kHalfGroup = kGroupOf12 / 2;

/// One group. \param wide kGroupOf12 numbers \param squares has its own added
HWY_INLINE void quantize_group(
    const float* HWY_RESTRICT wide,
    std::int8_t* HWY_RESTRICT high,
    std::uint8_t* HWY_RESTRICT low,
    float& scale,
    Squares& squares) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::int8_t, decltype(d)> bytes;
  const hn::Rebind<std::uint8_t, decltype(d)> unsigned_bytes;
  const std::size_t lanes = hn::Lanes(d);
  const auto group = group_scale(wide, kGroupOf12, 2039.0f);
  scale = group.scale;
  const auto factor = hn::Set(d, group.factor);
  auto of_low = hn::Zero(d), of_all = hn::Zero(d);
  const auto cut = [&](std::size_t at) HWY_ATTR {
    const auto whole = hn::NearestInt(hn::Mul(hn::LoadU(d, wide + at), factor));
    const auto upper = hn::ShiftRight<4>(hn::Add(whole, hn::Set(di, 8)));
    hn::StoreU(hn::DemoteTo(bytes, upper), bytes, high + at);
    const auto rest = hn::Sub(whole, hn::ShiftLeft<4>(upper));
    const auto all = hn::ConvertTo(d, whole);
    of_all = hn::MulAdd(all, all, of_all);
    const auto off = hn::Sub(hn::ConvertTo(d, rest), hn::Set(d, kLowMean));
    of_low = hn::MulAdd(off, off, of_low);
    return rest;
  };
  for (std::size_t i = 0; i < kHalfGroup; i += lanes) {
    const auto first = hn::And(cut(i), hn::Set(di, 15));
    const auto second =
        hn::And(hn::ShiftLeft<4>(cut(kHalfGroup + i)), hn::Set(di, 240));
    hn::StoreU(
        hn::DemoteTo(unsigned_bytes, hn::Or(first, second)),
        unsigned_bytes,
        low + i);
  }
  const double square = static_cast<double>(scale) * scale;
  squares.low += square * hn::GetLane(hn::SumOfLanes(d, of_low));
  squares.scales += square;
  squares.all += square * hn::GetLane(hn::SumOfLanes(d, of_all));
}

/// How far a sum of high bits and one of all may differ, for x of norm 1: by
/// low bits (Cauchy and Schwarz); by the rounding of `of_mean`, half a high bit
/// for each group of x, whose norm is no less than its greatest; and by that of
/// f32, of which a group's product, two scales and some sums take part in each.
HWY_INLINE float error_of(const Squares& squares, std::size_t groups) {
  const double roundings = 48 + 8 * static_cast<double>(groups);
  const double error =
      std::sqrt(squares.low) +
      0.5 * kHighWorth / kGreatestOfX * std::sqrt(squares.scales) +
      roundings * 0x1p-24 * std::sqrt(squares.all);
  return std::nextafter(
      static_cast<float>(error),
      std::numeric_limits<float>::infinity());
}

/// Rows [row, row + rows) of a matrix. \param wide depth floats
void QuantizeInt12Rows(
    const Numbers& weight,
    std::size_t row,
    std::size_t rows,
    std::size_t in,
    float* HWY_RESTRICT wide,
    const Int12Room& to) {
  const std::size_t depth = Int12Weights::depth_of(in);
  std::fill(wide + in, wide + depth, 0.0f);
  for (std::size_t j = row; j < row + rows; ++j) {
    widen(weight.from(j * in), in, wide);
    Squares squares;
    for (std::size_t k = 0; k < depth; k += kGroupOf12) {
      const std::size_t at = j * depth + k;
      quantize_group(
          wide + k,
          to.high + at,
          to.low + at / 2,
          to.scales[at / kGroupOf12],
          squares);
    }
    to.errors[j] = error_of(squares, depth / kGroupOf12);
  }
}

/// Rounds rows of x. \param wide a row of whole groups
void RoundRows(const Linear& task, float* HWY_RESTRICT wide, RoundedRows& to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::int16_t, decltype(d)> narrow;
  std::fill(wide + task.in, wide + to.depth, 0.0f);
  std::int16_t* HWY_RESTRICT values = to.values.data();
  float* HWY_RESTRICT scales = to.scales.data();
  std::int32_t* HWY_RESTRICT of_mean = to.of_mean.data();
  for (std::size_t i = 0; i < task.rows; ++i) {
    std::copy_n(task.x + i * task.stride, task.in, wide);
    for (std::size_t k = 0; k < to.depth; k += kGroupOf12) {
      const auto group = group_scale(wide + k, kGroupOf12, kGreatestOfX);
      *scales++ = group.scale;
      const auto factor = hn::Set(d, group.factor);
      auto sum = hn::Zero(di);
      for (std::size_t l = 0; l < kGroupOf12; l += hn::Lanes(d)) {
        const auto x = hn::LoadU(d, wide + k + l);
        const auto whole = hn::NearestInt(hn::Mul(x, factor));
        sum = hn::Add(sum, whole);
        hn::StoreU(hn::DemoteTo(narrow, whole), narrow, values);
        values += hn::Lanes(d);
      }
      const auto of_group =
          static_cast<float>(hn::GetLane(hn::SumOfLanes(di, sum)));
      *of_mean++ = static_cast<std::int32_t>(
          std::nearbyint(of_group * (kLowMean / kHighWorth)));
    }
  }
}

using WorthTag = hn::ScalableTag<float>;
using SumTag = hn::RebindToSigned<WorthTag>;
using Sum = hn::Vec<SumTag>;

// What weights are widened to: 16 bits, where two products of them are summed
// by one instruction in 32.
#if HWY_TARGET == HWY_SCALAR
using WholeTag = SumTag;
#else
using WholeTag = hn::Repartition<std::int16_t, WorthTag>;
#endif
using Whole = hn::Vec<WholeTag>;

HWY_INLINE Sum add_products(Whole weights, Whole x, Sum sum) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Add(sum, hn::Mul(weights, x));
#else
  Sum rest = hn::Zero(SumTag());
  sum = hn::ReorderWidenMulAccumulate(SumTag(), weights, x, sum, rest);
  return hn::Add(sum, rest);
#endif
}

HWY_INLINE Whole load_x(const std::int16_t* HWY_RESTRICT from) {
#if HWY_TARGET == HWY_SCALAR
  return hn::PromoteTo(
      WholeTag(),
      hn::LoadU(hn::Rebind<std::int16_t, WholeTag>(), from));
#else
  return hn::LoadU(WholeTag(), from);
#endif
}

/// Sums of kOut rows of weights, from row `column` on, with kRows rows of x
/// from row `row` on. \param sums [kRows, sums_stride]
template <Bits kBits, std::size_t kRows, std::size_t kOut>
HWY_INLINE void dots_int12(
    const Int12Weights& weights,
    const RoundedRows& x,
    std::size_t row,
    std::size_t column,
    float* HWY_RESTRICT sums,
    std::size_t sums_stride) {
  const WorthTag d;
  const WholeTag whole;
  const std::size_t lanes = hn::Lanes(whole);
  const std::size_t depth = x.depth, groups = depth / kGroupOf12;
  const std::int16_t* HWY_RESTRICT values = x.values.data() + row * depth;
  const float* HWY_RESTRICT x_scales = x.scales.data() + row * groups;
  const std::int32_t* HWY_RESTRICT of_mean = x.of_mean.data() + row * groups;
  const std::int8_t* HWY_RESTRICT high = weights.high + column * depth;
  const std::uint8_t* HWY_RESTRICT low = weights.low + column * depth / 2;
  const float* HWY_RESTRICT scales = weights.scales + column * groups;
  // In 32 bits the greatest products of 32 pairs have room for one lane.
  const std::size_t run =
      std::min(kHalfGroup, 16 * hn::Lanes(SumTag()) / lanes * lanes);
  hn::Vec<WorthTag> sum[kOut][kRows];
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      sum[j][i] = hn::Zero(d);
    }
  }
  // The rows after these are asked for meanwhile, in the order of memory: the
  // fewer bytes a row has, the more of them ahead. As numbers: what is asked
  // for may lie beyond the last weight.
  constexpr std::size_t kLine = 64, kAhead = kBits == Bits::high ? 3 : 1;
  auto high_ahead =
      reinterpret_cast<std::uintptr_t>(high) + kAhead * kOut * depth;
  auto low_ahead =
      reinterpret_cast<std::uintptr_t>(low) + kAhead * kOut * depth / 2;
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t i = 0; i < kOut * kGroupOf12; i += kLine) {
      hwy::Prefetch(reinterpret_cast<const char*>(high_ahead + i));
    }
    high_ahead += kOut * kGroupOf12;
    if constexpr (kBits == Bits::all) {
      for (std::size_t i = 0; i < kOut * kHalfGroup; i += kLine) {
        hwy::Prefetch(reinterpret_cast<const char*>(low_ahead + i));
      }
      low_ahead += kOut * kHalfGroup;
    }
    for (std::size_t begin = 0; begin < kHalfGroup; begin += run) {
      Sum part[kOut][kRows];
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kRows; ++i) {
          part[j][i] = hn::Zero(SumTag());
          if (kBits == Bits::high && begin == 0) {
            part[j][i] = hn::IfThenElseZero(
                hn::FirstN(SumTag(), 1),
                hn::Set(SumTag(), of_mean[i * groups + g]));
          }
        }
      }
      for (std::size_t k = begin; k < begin + run; k += lanes) {
        const std::size_t at = g * kGroupOf12 + k;
        Whole first_x[kRows], second_x[kRows];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kRows; ++i) {
          first_x[i] = load_x(values + i * depth + at);
          second_x[i] = load_x(values + i * depth + at + kHalfGroup);
        }
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kOut; ++j) {
          Whole first = load_signed(whole, high + j * depth + at);
          Whole second = load_signed(whole, high + j * depth + at + kHalfGroup);
          if constexpr (kBits == Bits::all) {
            const auto bits =
                load_low(whole, low + j * depth / 2 + g * kHalfGroup + k);
            first = hn::Add(hn::ShiftLeft<4>(first), bits.first);
            second = hn::Add(hn::ShiftLeft<4>(second), bits.second);
          }
#pragma GCC unroll 8
          for (std::size_t i = 0; i < kRows; ++i) {
            part[j][i] = add_products(first, first_x[i], part[j][i]);
            part[j][i] = add_products(second, second_x[i], part[j][i]);
          }
        }
      }
      constexpr float kWorth = kBits == Bits::high ? kHighWorth : 1.0f;
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kOut; ++j) {
        const float scale = kWorth * scales[j * groups + g];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kRows; ++i) {
          sum[j][i] = hn::MulAdd(
              hn::ConvertTo(d, part[j][i]),
              hn::Set(d, scale * x_scales[i * groups + g]),
              sum[j][i]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kOut; ++j) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      sums[i * sums_stride + j] = hn::GetLane(hn::SumOfLanes(d, sum[j][i]));
    }
  }
}

/// Sums of `columns` rows of weights from row `column` on.
template <Bits kBits, std::size_t kRows>
HWY_INLINE void matvec_int12_rows(
    const Int12Weights& weights,
    const RoundedRows& x,
    std::size_t column,
    std::size_t columns,
    float* sums,
    std::size_t sums_stride) {
  // As many sums as hide the latency of an addition.
  constexpr std::size_t kOut = kRows == 1 ? 4 : 2;
  std::size_t j = 0;
  for (; j + kOut <= columns; j += kOut) {
    dots_int12<kBits, kRows, kOut>(
        weights,
        x,
        0,
        column + j,
        sums + j,
        sums_stride);
  }
  for (; j < columns; ++j) {
    dots_int12<kBits, kRows, 1>(
        weights,
        x,
        0,
        column + j,
        sums + j,
        sums_stride);
  }
}

/// Columns of all rows.
void Int12Piece(const Linear& task, const RoundedRows& x, const Piece& piece) {
  HWY_ALIGN float sums[kMatvecRows * kColumns] = {};
  with_count<kMatvecRows>(piece.rows, [&](auto rows) HWY_ATTR {
    matvec_int12_rows<Bits::all, rows()>(
        task.int12,
        x,
        piece.column,
        piece.columns,
        sums,
        kColumns);
  });
  HWY_ALIGN float bias[kColumns] = {};
  if (task.bias) {
    widen(task.bias.from(piece.column), piece.columns, bias);
  }
  finish_rows(task, piece, sums, bias);
}

/// Numbers of columns, at most kScreened.
struct Candidates {
  std::array<std::uint32_t, kScreened> columns;
  std::size_t count = 0;
};

/// Columns that may be the greatest of a row, if each may become greater or
/// less by its error times `norm`; all of them where one is NaN.
HWY_INLINE void find_candidates(
    const float* HWY_RESTRICT row,
    const float* HWY_RESTRICT errors,
    float norm,
    std::size_t columns,
    Candidates& found) {
  const WorthTag d;
  const std::size_t lanes = hn::Lanes(d);
  // So small products leave the range of f32, where errors are no share of
  // them.
  constexpr float kNothing = 1e-30f;
  const auto reach_of = [&](std::size_t j) {
    return errors[j] * norm + kNothing;
  };
  const auto reaches_of = [&](std::size_t j) HWY_ATTR {
    return hn::MulAdd(
        hn::LoadU(d, errors + j),
        hn::Set(d, norm),
        hn::Set(d, kNothing));
  };
  const std::size_t whole = columns / lanes * lanes;
  auto leasts = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (std::size_t j = 0; j < whole; j += lanes) {
    leasts = hn::Max(leasts, hn::Sub(hn::LoadU(d, row + j), reaches_of(j)));
  }
  float least = hn::GetLane(hn::MaxOfLanes(d, leasts));
  for (std::size_t j = whole; j < columns; ++j) {
    least = std::max(least, row[j] - reach_of(j));
  }
  found.count = 0;
  const auto take = [&](std::size_t j) {
    found.columns[found.count] = static_cast<std::uint32_t>(j);
    found.count += row[j] + reach_of(j) < least ? 0 : 1;
  };
  for (std::size_t j = 0; j < whole; j += lanes) {
    const auto most = hn::Add(hn::LoadU(d, row + j), reaches_of(j));
    if (!hn::AllTrue(d, hn::Lt(most, hn::Set(d, least)))) {
      for (std::size_t i = 0; i < lanes; ++i) {
        take(j + i);
      }
    }
  }
  for (std::size_t j = whole; j < columns; ++j) {
    take(j);
  }
}

/// Columns [column, column + columns), at most kScreened, of all rows.
/// \param norms of rows
void ScreenedPiece(
    const Linear& task,
    const RoundedRows& x,
    std::size_t column,
    std::size_t columns,
    const float* norms) {
  with_count<kMatvecRows>(task.rows, [&](auto rows) HWY_ATTR {
    matvec_int12_rows<Bits::high, rows()>(
        task.int12,
        x,
        column,
        columns,
        task.y + column,
        task.out);
  });
  Candidates found;
  for (std::size_t i = 0; i < task.rows; ++i) {
    float* const row = task.y + i * task.out + column;
    find_candidates(row, task.int12.errors + column, norms[i], columns, found);
    const auto candidates = std::span(found.columns).first(found.count);
    for (const std::size_t j : candidates) {
      constexpr std::size_t kLine = 64;
      const auto* const from = reinterpret_cast<const char*>(
          task.int12.low + (column + j) * x.depth / 2);
      for (std::size_t k = 0; k < x.depth / 2; k += kLine) {
        hwy::Prefetch(from + k);
      }
    }
    for (const std::size_t j : candidates) {
      dots_int12<Bits::all, 1, 1>(task.int12, x, i, column + j, row + j, 1);
    }
  }
}

void DequantizeInt12(
    const Int12Weights& weights,
    std::size_t in,
    std::size_t row,
    std::size_t k,
    std::size_t n,
    float* to) {
  dequantize_int12_part(weights, in, row, k, n, to);
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include "kernels/cpu.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace mlxaudio::kernels {

HWY_EXPORT(QuantizeInt12Rows);
HWY_EXPORT(RoundRows);
HWY_EXPORT(Int12Piece);
HWY_EXPORT(ScreenedPiece);
HWY_EXPORT(DequantizeInt12);

namespace {

RoundedRows rounded(const Linear& task) {
  const std::size_t depth = Int12Weights::depth_of(task.in);
  RoundedRows x;
  x.depth = depth;
  x.values.resize(task.rows * depth);
  x.scales.resize(task.rows * depth / Int12Weights::kGroup);
  x.of_mean.resize(x.scales.size());
  std::vector<float> wide(depth);
  HWY_DYNAMIC_DISPATCH(RoundRows)(task, wide.data(), x);
  return x;
}

/// The norm of a row, rounded up.
float norm_of(const RoundedRows& x, std::size_t row) {
  constexpr std::size_t kGroup = Int12Weights::kGroup;
  double squares = 0;
  for (std::size_t k = row * x.depth; k < (row + 1) * x.depth; k += kGroup) {
    double of_group = 0;
    for (std::size_t i = k; i < k + kGroup; ++i) {
      of_group += static_cast<double>(x.values[i]) * x.values[i];
    }
    const double scale = x.scales[k / kGroup];
    squares += of_group * scale * scale;
  }
  return std::nextafter(
      static_cast<float>(std::sqrt(squares)),
      std::numeric_limits<float>::infinity());
}

} // namespace

void quantize_int12(
    const Numbers& weight,
    std::size_t out,
    std::size_t in,
    const Int12Room& to) {
  isa(); // a wrong MLXAUDIO_ISA is an error here, too
  constexpr std::size_t kRowsAtOnce = 64;
  auto* const rows_of = HWY_DYNAMIC_DISPATCH(QuantizeInt12Rows);
  parallel_for_with<Aligned<float>>(
      (out + kRowsAtOnce - 1) / kRowsAtOnce,
      [&] { return allocate_aligned<float>(Int12Weights::depth_of(in)); },
      [&](std::size_t i, const Aligned<float>& wide) {
        const std::size_t row = i * kRowsAtOnce;
        const std::size_t rows = std::min(kRowsAtOnce, out - row);
        rows_of(weight, row, rows, in, wide.get(), to);
      });
}

void dequantize(
    const Int12Weights& weights,
    std::size_t in,
    std::size_t row,
    std::size_t k,
    std::size_t n,
    float* to) {
  assert(k % (Int12Weights::kGroup / 2) + n <= Int12Weights::kGroup / 2);
  HWY_DYNAMIC_DISPATCH(DequantizeInt12)(weights, in, row, k, n, to);
}

void matvec_int12(const Linear& task) {
  if (task.rows == 0) {
    return;
  }
  const RoundedRows x = rounded(task);
  const Pieces pieces{task.rows, task.out};
  auto* const piece_of = HWY_DYNAMIC_DISPATCH(Int12Piece);
  parallel_for(pieces.count(), is_worth_threads(task), [&](std::size_t i) {
    piece_of(task, x, pieces.at(i));
  });
}

void scores_int12(const Linear& task) {
  if (task.rows == 0) {
    return;
  }
  assert(task.rows <= kMatvecRows);
  const RoundedRows x = rounded(task);
  std::array<float, kMatvecRows> norms;
  for (std::size_t i = 0; i < task.rows; ++i) {
    norms[i] = norm_of(x, i);
  }
  auto* const piece_of = HWY_DYNAMIC_DISPATCH(ScreenedPiece);
  parallel_for(
      (task.out + kScreened - 1) / kScreened,
      is_worth_threads(task),
      [&](std::size_t i) {
        const std::size_t column = i * kScreened;
        const std::size_t columns = std::min(kScreened, task.out - column);
        piece_of(task, x, column, columns, norms.data());
      });
}

} // namespace mlxaudio::kernels

#endif
