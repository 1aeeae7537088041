// SPDX-License-Identifier: MIT
// Included once for each instruction set; see simd.h.
#if defined(MLXAUDIO_KERNELS_SIMD_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MLXAUDIO_KERNELS_SIMD_ROWS_INL_H_
#undef MLXAUDIO_KERNELS_SIMD_ROWS_INL_H_
#else
#define MLXAUDIO_KERNELS_SIMD_ROWS_INL_H_
#endif

#include <algorithm>
#include <limits>

#include "hwy/highway.h"
#include "kernels/simd_math-inl.h"
#include "kernels/simd_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

/// y[i] = f(x[i]) for vectors. y may be x.
template <class Function>
HWY_INLINE void map_row(
    const float* x, std::size_t n, float* y, const Function& f) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(f(hn::LoadU(d, x + i)), d, y + i);
  }
  if (i < n) {
    HWY_ALIGN float rest[hn::MaxLanes(hn::ScalableTag<float>())];
    hn::Store(f(load_wide_part(d, x + i, n - i)), d, rest);
    std::memcpy(y + i, rest, (n - i) * sizeof(float));
  }
}

/// Sum of f(x[i]), in an order that only the instruction set decides. Sums of
/// parts are summed: one long sum of tens of thousands loses digits.
template <class Function>
HWY_INLINE float sum_row(
    const float* HWY_RESTRICT x, std::size_t n, const Function& f) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d), whole = n / lanes * lanes;
  const std::size_t part = 64 * lanes;
  auto sum = hn::Zero(d);
  for (std::size_t i = 0; i < whole; i += part) {
    const std::size_t end = std::min(whole, i + part);
    auto part_sum = hn::Zero(d);
    for (std::size_t j = i; j < end; j += lanes) {
      part_sum = hn::Add(part_sum, f(hn::LoadU(d, x + j)));
    }
    sum = hn::Add(sum, part_sum);
  }
  if (whole < n) {
    const auto inside = hn::FirstN(d, n - whole);
    const auto last = f(load_wide_part(d, x + whole, n - whole));
    sum = hn::Add(sum, hn::IfThenElseZero(inside, last));
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

/// Greatest of n > 0 numbers. Whether a NaN counts is not said.
HWY_INLINE float max_row(const float* HWY_RESTRICT x, std::size_t n) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto max = hn::Set(d, -std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    max = hn::Max(max, hn::LoadU(d, x + i));
  }
  float greatest = hn::GetLane(hn::MaxOfLanes(d, max));
  for (; i < n; ++i) {
    greatest = std::max(greatest, x[i]);
  }
  return greatest;
}

/// y[i] = e^(x[i] - max x), max and the sum of y.
struct Exponentials {
  float max;
  float sum;
};

/// y may be x. n > 0. A NaN makes the sum NaN.
HWY_INLINE Exponentials exponentials(const float* x, std::size_t n, float* y) {
  const hn::ScalableTag<float> d;
  const float max = max_row(x, n);
  const auto shift = hn::Set(d, max);
  map_row(x, n, y, [&](auto v) HWY_ATTR {
    return exp_of_nonpositive(d, hn::Sub(v, shift));
  });
  return {max, sum_row(y, n, [](auto v) HWY_ATTR { return v; })};
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#endif
