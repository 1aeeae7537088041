// SPDX-License-Identifier: MIT
#include "kernels/rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows.cpp"
#include "hwy/foreach_target.h"
#include "kernels/simd_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

void GeluRow(const float* x, std::size_t n, float* y) {
  const hn::ScalableTag<float> d;
  map_row(x, n, y, [&](auto v) HWY_ATTR { return gelu(d, v); });
}

/// One vector to the nearest f16, ties to even. Highway's own conversion cuts
/// bits off on processors that have none.
template <class D>
HWY_INLINE hn::Vec<hn::Rebind<std::uint16_t, D>> to_f16(D d, hn::Vec<D> x) {
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<std::uint16_t, D> narrow;
  constexpr std::uint32_t kInfinity = 255u << 23, kTooGreat = 143u << 23;
  constexpr std::uint32_t kLeastNormal = 113u << 23, kHalf = 126u << 23;
  const auto magnitude = hn::Abs(x);
  const auto bits = hn::BitCast(du, magnitude);
  const auto sign = hn::Xor(hn::BitCast(du, x), bits);
  // The exponent's bias becomes f16's, and half of the last bit that stays is
  // added, or a little less where that bit is 0.
  const auto odd = hn::And(hn::ShiftRight<13>(bits), hn::Set(du, 1));
  const auto bias = hn::Set(du, 0xfffu - (112u << 23));
  const auto normal = hn::ShiftRight<13>(hn::Add(hn::Add(bits, bias), odd));
  // A half has f16's least bit as its last, so that the sum is rounded to it.
  const auto half = hn::BitCast(d, hn::Set(du, kHalf));
  const auto subnormal =
      hn::Sub(hn::BitCast(du, hn::Add(magnitude, half)), hn::Set(du, kHalf));
  const auto beyond = hn::IfThenElse(
      hn::Gt(bits, hn::Set(du, kInfinity)),
      hn::Set(du, 0x7e00u),
      hn::Set(du, 0x7c00u));
  const auto finite = hn::IfThenElse(
      hn::Lt(bits, hn::Set(du, kLeastNormal)),
      subnormal,
      normal);
  const auto rounded =
      hn::IfThenElse(hn::Lt(bits, hn::Set(du, kTooGreat)), finite, beyond);
  return hn::TruncateTo(narrow, hn::Or(rounded, hn::ShiftRight<16>(sign)));
}

/// \param y f16
void NarrowRow(const float* x, std::size_t n, std::uint16_t* y) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::uint16_t, decltype(d)> narrow;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(to_f16(d, hn::LoadU(d, x + i)), narrow, y + i);
  }
  if (i < n) {
    HWY_ALIGN std::uint16_t rest[hn::MaxLanes(hn::ScalableTag<float>())];
    hn::StoreU(to_f16(d, load_wide_part(d, x + i, n - i)), narrow, rest);
    std::memcpy(y + i, rest, (n - i) * sizeof(*y));
  }
}

void SoftmaxRow(const float* x, std::size_t n, float* y) {
  const hn::ScalableTag<float> d;
  const auto sum = hn::Set(d, exponentials(x, n, y).sum);
  map_row(y, n, y, [&](auto v) HWY_ATTR { return hn::Div(v, sum); });
}

float MaxRow(const float* x, std::size_t n) {
  return max_row(x, n);
}

/// Sum of e^(x[i] - max).
double SumOfExponentials(const float* x, std::size_t n, float max) {
  const hn::ScalableTag<float> d;
  constexpr std::size_t kBlock = 512, kSums = 8;
  const auto shift = hn::Set(d, max);
  HWY_ALIGN float block[kBlock];
  double sums[kSums] = {};
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t count = std::min(kBlock, n - first);
    map_row(x + first, count, block, [&](auto v) HWY_ATTR {
      return exp_of_nonpositive(d, hn::Sub(v, shift));
    });
    const std::size_t whole = (count + kSums - 1) / kSums * kSums;
    std::fill(block + count, block + whole, 0.0f);
    for (std::size_t i = 0; i < whole; i += kSums) {
      for (std::size_t j = 0; j < kSums; ++j) {
        sums[j] += static_cast<double>(block[i + j]);
      }
    }
  }
  double sum = 0;
  for (const double part : sums) {
    sum += part;
  }
  return sum;
}

void LayerNormRow(
    const float* HWY_RESTRICT x,
    std::size_t n,
    const float* HWY_RESTRICT weight,
    const float* HWY_RESTRICT bias,
    float eps,
    float* HWY_RESTRICT y) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const float count = static_cast<float>(n);
  // The mean of what the first mean leaves corrects it, so that numbers far
  // from zero keep their digits.
  const float guess = sum_row(x, n, [](auto v) HWY_ATTR { return v; }) / count;
  const auto about = hn::Set(d, guess);
  const float average = guess + sum_row(x, n, [&](auto v) HWY_ATTR {
                                  return hn::Sub(v, about);
                                }) / count;
  const auto mean = hn::Set(d, average);
  const float variance = sum_row(
                             x,
                             n,
                             [&](auto v) HWY_ATTR {
                               const auto off = hn::Sub(v, mean);
                               return hn::Mul(off, off);
                             }) /
                         count;
  const float inverse = 1.0f / std::sqrt(variance + eps);
  const auto scale = hn::Set(d, inverse);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto unit = hn::Mul(hn::Sub(hn::LoadU(d, x + i), mean), scale);
    const auto v =
        hn::MulAdd(unit, hn::LoadU(d, weight + i), hn::LoadU(d, bias + i));
    hn::StoreU(v, d, y + i);
  }
  for (; i < n; ++i) {
    y[i] = (x[i] - average) * inverse * weight[i] + bias[i];
  }
}

void Widen(Numbers from, std::size_t n, float* to) {
  widen(from, n, to);
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <vector>

#include "kernels/parallel.h"

namespace mlxaudio::kernels {

HWY_EXPORT(GeluRow);
HWY_EXPORT(SoftmaxRow);
HWY_EXPORT(MaxRow);
HWY_EXPORT(SumOfExponentials);
HWY_EXPORT(NarrowRow);
HWY_EXPORT(LayerNormRow);
HWY_EXPORT(Widen);

namespace {

/// Numbers that one piece of work covers: much more than what waking a thread
/// costs.
constexpr std::size_t kPiece = 1u << 14;

/// Calls f(first, last) for groups of rows.
template <class Function>
void for_rows(std::size_t rows, std::size_t columns, const Function& f) {
  const std::size_t group =
      std::max<std::size_t>(1, kPiece / std::max<std::size_t>(1, columns));
  const std::size_t groups = (rows + group - 1) / group;
  parallel_for(groups, groups > 1, [&](std::size_t i) {
    f(i * group, std::min(rows, (i + 1) * group));
  });
}

} // namespace

void gelu(const float* x, std::size_t n, float* y) {
  auto* const row = HWY_DYNAMIC_DISPATCH(GeluRow);
  // The pieces are as long as any vector, so that they may be cut anywhere.
  for_rows(n, 1, [&](std::size_t first, std::size_t last) {
    row(x + first, last - first, y + first);
  });
}

void narrow(const float* x, std::size_t n, std::uint16_t* y) {
  auto* const row = HWY_DYNAMIC_DISPATCH(NarrowRow);
  for_rows(n, 1, [&](std::size_t first, std::size_t last) {
    row(x + first, last - first, y + first);
  });
}

void softmax(const float* x, std::size_t rows, std::size_t columns, float* y) {
  auto* const row = HWY_DYNAMIC_DISPATCH(SoftmaxRow);
  for_rows(rows, columns, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      row(x + i * columns, columns, y + i * columns);
    }
  });
}

float greatest(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(MaxRow)(x, n);
}

double log_sum_exp(const float* x, std::size_t n) {
  const float max = greatest(x, n);
  if (!std::isfinite(max)) {
    return max;
  }
  return max + std::log(HWY_DYNAMIC_DISPATCH(SumOfExponentials)(x, n, max));
}

void layer_norm(
    const float* x,
    std::size_t rows,
    std::size_t columns,
    Numbers weight,
    Numbers bias,
    float eps,
    float* y) {
  std::vector<float> wide(2 * columns);
  float* const w = wide.data();
  float* const b = w + columns;
  HWY_DYNAMIC_DISPATCH(Widen)(weight, columns, w);
  HWY_DYNAMIC_DISPATCH(Widen)(bias, columns, b);
  auto* const row = HWY_DYNAMIC_DISPATCH(LayerNormRow);
  for_rows(rows, columns, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      row(x + i * columns, columns, w, b, eps, y + i * columns);
    }
  });
}

} // namespace mlxaudio::kernels

#endif
