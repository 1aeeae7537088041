// SPDX-License-Identifier: MIT
// Included once for each instruction set; see simd.h.
#if defined(MLXAUDIO_KERNELS_AFFINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MLXAUDIO_KERNELS_AFFINE_INL_H_
#undef MLXAUDIO_KERNELS_AFFINE_INL_H_
#else
#define MLXAUDIO_KERNELS_AFFINE_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/affine.h"
#include "kernels/simd_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

/// One vector of bytes as whole numbers of 32 bits.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToSigned<D>> load_bytes(
    D, const std::uint8_t* HWY_RESTRICT from) {
  const hn::RebindToSigned<D> whole;
  const hn::Rebind<std::uint8_t, D> narrow;
  return hn::PromoteTo(whole, hn::LoadU(narrow, from));
}

/// `dequantize` of affine.h.
HWY_INLINE void dequantize_part(
    const AffineWeights& weights,
    std::size_t in,
    std::size_t row,
    std::size_t k,
    std::size_t n,
    float* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const std::size_t lanes = hn::Lanes(d), groups = in / weights.group;
  while (n > 0) {
    const std::size_t g = row * groups + k / weights.group;
    const std::size_t run = std::min(n, weights.group - k % weights.group);
    float of_group[2];
    widen(weights.scales.from(g), 1, &of_group[0]);
    widen(weights.biases.from(g), 1, &of_group[1]);
    const auto scale = hn::Set(d, of_group[0]);
    const auto bias = hn::Set(d, of_group[1]);
    const auto number_of = [&](auto whole) HWY_ATTR {
      return hn::MulAdd(hn::ConvertTo(d, whole), scale, bias);
    };
    const std::uint8_t* const from =
        weights.values + (row * in + k) * weights.bits / 8;
    if (weights.bits == 8) {
      for (std::size_t i = 0; i < run; i += lanes) {
        hn::StoreU(number_of(load_bytes(d, from + i)), d, to + i);
      }
    } else {
      const auto low = hn::Set(di, 15);
      for (std::size_t i = 0; i < run / 2; i += lanes) {
        const auto both = load_bytes(d, from + i);
        hn::StoreInterleaved2(
            number_of(hn::And(both, low)),
            number_of(hn::ShiftRight<4>(both)),
            d,
            to + 2 * i);
      }
    }
    k += run;
    n -= run;
    to += run;
  }
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#endif
