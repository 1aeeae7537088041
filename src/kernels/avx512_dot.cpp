// SPDX-License-Identifier: MIT
#include "kernels/avx512_dot.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/affine.h"

namespace mlxaudio::kernels::avx512 {
namespace {

/// The file is compiled for any x86-64; these functions are not.
#define MLXAUDIO_VNNI \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define MLXAUDIO_BF16 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

/// Of the forms that zero masked lanes: in those without a mask GCC 12 finds
/// uninitialized values.
constexpr __mmask16 kAll = 0xffff;
constexpr std::size_t kVectors = kColumns / 16;
/// Bytes of a panel that one step of the inner loop multiplies with: two
/// numbers of 16 bits of each column.
constexpr std::size_t kStep = kColumns * 4;

/// Whole numbers as `_mm512_dpwssd_epi32` takes them within. `__m512i` is of
/// 64-bit numbers to GCC: of sums in it version 12 keeps a copy in memory, and
/// stores it in every turn of a loop.
using Int32s = std::int32_t __attribute__((vector_size(64)));

/// Whole sums of one group of inputs.
/// \param sums [kRows, kColumns]
template <std::size_t kRows>
MLXAUDIO_VNNI void sum_group(
    const std::byte* __restrict x,
    std::size_t row_bytes,
    const std::byte* __restrict weights,
    std::int32_t* __restrict sums) {
  Int32s sum[kRows][kVectors];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kVectors; ++j) {
      sum[i][j] = Int32s{};
    }
  }
  for (std::size_t k = 0; k < kGroup; k += 2, weights += kStep) {
    __m512i right[kVectors];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kVectors; ++j) {
      right[j] = _mm512_loadu_si512(weights + 64 * j);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      std::int32_t two = 0;
      std::memcpy(&two, x + i * row_bytes + 2 * k, 4);
      const __m512i left = _mm512_set1_epi32(two);
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kVectors; ++j) {
        sum[i][j] =
            (Int32s)_mm512_dpwssd_epi32((__m512i)sum[i][j], right[j], left);
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kVectors; ++j) {
      std::memcpy(sums + i * kColumns + 16 * j, &sum[i][j], sizeof(Int32s));
    }
  }
}

/// Adds a group's sums, times their scales.
MLXAUDIO_VNNI void add_group(
    const std::int32_t* __restrict sums,
    float of_row,
    const float* __restrict scales,
    bool first,
    float* __restrict to) {
  for (std::size_t j = 0; j < kColumns; j += 16) {
    const __m512i sum = _mm512_loadu_si512(sums + j);
    const __m512 scale =
        _mm512_mul_ps(_mm512_set1_ps(of_row), _mm512_loadu_ps(scales + j));
    const __m512 before = first ? _mm512_setzero_ps() : _mm512_loadu_ps(to + j);
    _mm512_storeu_ps(
        to + j,
        _mm512_fmadd_ps(_mm512_maskz_cvtepi32_ps(kAll, sum), scale, before));
  }
}

template <std::size_t kRows>
void multiply_int8_rows(
    const ReducedRows& x,
    std::size_t groups,
    const ReducedPanel& panel,
    float* sums) {
  alignas(64) std::int32_t whole[kRows * kColumns];
  for (std::size_t g = 0; g < groups; ++g) {
    sum_group<kRows>(
        x.values + 2 * g * kGroup,
        2 * groups * kGroup,
        panel.values + 2 * g * kColumns * kGroup,
        whole);
    for (std::size_t i = 0; i < kRows; ++i) {
      add_group(
          whole + i * kColumns,
          x.scales[i * groups + g],
          panel.scales + g * kColumns,
          g == 0,
          sums + i * kColumns);
    }
  }
}

template <std::size_t kRows>
MLXAUDIO_BF16 void multiply_bf16_rows(
    const ReducedRows& x,
    std::size_t groups,
    const ReducedPanel& panel,
    float* __restrict sums) {
  const std::byte* weights = panel.values;
  const std::size_t depth = groups * kGroup;
  __m512 sum[kRows][kVectors];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kVectors; ++j) {
      sum[i][j] = _mm512_setzero_ps();
    }
  }
  for (std::size_t k = 0; k < depth; k += 2, weights += kStep) {
    __m512i right[kVectors];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kVectors; ++j) {
      right[j] = _mm512_loadu_si512(weights + 64 * j);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRows; ++i) {
      std::int32_t two = 0;
      std::memcpy(&two, x.values + (i * depth + k) * 2, 4);
      const __m512i left = _mm512_set1_epi32(two);
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kVectors; ++j) {
        sum[i][j] =
            _mm512_dpbf16_ps(sum[i][j], (__m512bh)right[j], (__m512bh)left);
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kVectors; ++j) {
      _mm512_storeu_ps(sums + i * kColumns + 16 * j, sum[i][j]);
    }
  }
}

/// Sixteen numbers of a type, widened.
MLXAUDIO_BF16 __m512 load16(const void* from, Type type) {
  if (type == Type::f32) {
    return _mm512_loadu_ps(from);
  }
  const __m256i half = _mm256_loadu_si256(static_cast<const __m256i*>(from));
  return type == Type::f16
             ? _mm512_cvtph_ps(half)
             : _mm512_castsi512_ps(
                   _mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/// `n` <= kGroup numbers as bf16, and zeros up to kGroup.
MLXAUDIO_BF16 void round_group(
    const Numbers& from, std::size_t n, std::byte* to) {
  constexpr std::size_t kAtOnce = 32;
  alignas(64) float whole[kGroup];
  Numbers numbers = from;
  if (n < kGroup) {
    std::memset(whole, 0, sizeof(whole));
    std::memcpy(whole, from.data, n * (from.type == Type::f32 ? 4 : 2));
    numbers.data = whole;
  }
  for (std::size_t k = 0; k < kGroup; k += kAtOnce) {
    const __m512bh rounded = _mm512_cvtne2ps_pbh(
        load16(numbers.from(k + 16).data, numbers.type),
        load16(numbers.from(k).data, numbers.type));
    _mm512_storeu_si512(to + 2 * k, (__m512i)rounded);
  }
}

} // namespace

void multiply_int8(
    const ReducedRows& x,
    std::size_t rows,
    std::size_t groups,
    const ReducedPanel& panel,
    float* sums) {
  with_count<kReducedRows>(rows, [&](auto count) {
    multiply_int8_rows<count()>(x, groups, panel, sums);
  });
}

void prepare_bf16(const float* x, std::size_t in, const ReducedRows& to) {
  for (std::size_t k = 0; k < in; k += kGroup) {
    round_group(
        {x + k, Type::f32},
        std::min(kGroup, in - k),
        to.values + 2 * k);
  }
}

void pack_bf16(
    const Linear& task,
    const Int8Weights&,
    std::size_t column,
    std::size_t columns,
    const ReducedPanel& to) {
  alignas(64) std::byte group[2 * kGroup];
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t k = 0; k < task.in; k += kGroup) {
      const std::size_t n = std::min(kGroup, task.in - k);
      if (task.affine) {
        alignas(64) float wide[kGroup];
        dequantize(task.affine, task.in, column + j, k, n, wide);
        round_group({wide, Type::f32}, n, group);
      } else {
        round_group(task.weight.from((column + j) * task.in + k), n, group);
      }
      std::byte* at = to.values + k / 2 * kStep + 4 * j;
      for (std::size_t i = 0; i < kGroup / 2; ++i) {
        std::memcpy(at + i * kStep, group + 4 * i, 4);
      }
    }
  }
}

void multiply_bf16(
    const ReducedRows& x,
    std::size_t rows,
    std::size_t groups,
    const ReducedPanel& panel,
    float* sums) {
  with_count<kReducedRows>(rows, [&](auto count) {
    multiply_bf16_rows<count()>(x, groups, panel, sums);
  });
}

#undef MLXAUDIO_VNNI
#undef MLXAUDIO_BF16

} // namespace mlxaudio::kernels::avx512

#endif
