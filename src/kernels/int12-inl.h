// SPDX-License-Identifier: MIT
// Included once for each instruction set; see simd.h.
#if defined(MLXAUDIO_KERNELS_INT12_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MLXAUDIO_KERNELS_INT12_INL_H_
#undef MLXAUDIO_KERNELS_INT12_INL_H_
#else
#define MLXAUDIO_KERNELS_INT12_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/numbers.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// One vector of signed bytes as whole numbers of more bits.
template <class D>
HWY_INLINE hn::Vec<D> load_signed(
    D whole, const std::int8_t* HWY_RESTRICT from) {
  return hn::PromoteTo(whole, hn::LoadU(hn::Rebind<std::int8_t, D>(), from));
}

/// Low bits of numbers in the first and the second half of a group.
template <class D>
struct LowBits {
  hn::Vec<D> first, second;
};

template <class D>
HWY_INLINE LowBits<D> load_low(D whole, const std::uint8_t* HWY_RESTRICT from) {
  constexpr int kAbove = 8 * sizeof(hn::TFromD<D>) - 4;
  const auto both =
      load_signed(whole, reinterpret_cast<const std::int8_t*>(from));
  return {
      hn::ShiftRight<kAbove>(hn::ShiftLeft<kAbove>(both)),
      hn::ShiftRight<4>(both)};
}

/// `dequantize` of int12.h.
HWY_INLINE void dequantize_int12_part(
    const Int12Weights& weights,
    std::size_t in,
    std::size_t row,
    std::size_t k,
    std::size_t n,
    float* HWY_RESTRICT to) {
  constexpr std::size_t kGroup = Int12Weights::kGroup, kHalf = kGroup / 2;
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const std::size_t lanes = hn::Lanes(d), depth = Int12Weights::depth_of(in);
  const auto scale = hn::Set(d, weights.scales[(row * depth + k) / kGroup]);
  const std::int8_t* const high = weights.high + row * depth;
  const std::uint8_t* const low =
      weights.low + (row * depth + k / kGroup * kGroup) / 2;
  const bool second = k % kGroup >= kHalf;
  const std::size_t begin = k % kHalf / lanes * lanes, end = k % kHalf + n;
  HWY_ALIGN float half[kHalf];
  for (std::size_t i = begin; i < end; i += lanes) {
    const auto bits = load_low(di, low + i);
    const auto whole = hn::Add(
        hn::ShiftLeft<4>(load_signed(di, high + k / kHalf * kHalf + i)),
        second ? bits.second : bits.first);
    hn::Store(hn::Mul(hn::ConvertTo(d, whole), scale), d, half + i);
  }
  std::copy_n(half + k % kHalf, n, to);
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#endif
