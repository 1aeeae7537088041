// SPDX-License-Identifier: MIT
// Included once for each instruction set; see simd.h.
#if defined(MLXAUDIO_KERNELS_SIMD_NUMBERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MLXAUDIO_KERNELS_SIMD_NUMBERS_INL_H_
#undef MLXAUDIO_KERNELS_SIMD_NUMBERS_INL_H_
#else
#define MLXAUDIO_KERNELS_SIMD_NUMBERS_INL_H_
#endif

#include <cstddef>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/numbers.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// One vector of f32 from memory of type `T` (float, hwy::float16_t or
/// hwy::bfloat16_t).
template <class D, class T>
HWY_INLINE hn::Vec<D> load_wide(D d, const T* HWY_RESTRICT from) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return hn::LoadU(d, from);
  } else {
    const hn::Rebind<T, D> narrow;
    return hn::PromoteTo(d, hn::LoadU(narrow, from));
  }
}

/// The first `n` < Lanes numbers, and zeros.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_wide_part(
    D d, const T* HWY_RESTRICT from, std::size_t n) {
  HWY_ALIGN T whole[hn::MaxLanes(D())] = {};
  std::memcpy(whole, from, n * sizeof(T));
  return load_wide(d, whole);
}

/// Widens `n` numbers.
template <class T>
HWY_INLINE void widen(
    const T* HWY_RESTRICT from, std::size_t n, float* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(load_wide(d, from + i), d, to + i);
  }
  if (i < n) {
    HWY_ALIGN float rest[hn::MaxLanes(hn::ScalableTag<float>())];
    hn::Store(load_wide_part(d, from + i, n - i), d, rest);
    std::memcpy(to + i, rest, (n - i) * sizeof(float));
  }
}

/// Calls `f` with a pointer of the numbers' own type.
template <class Function>
HWY_INLINE void with_type(Numbers numbers, const Function& f) {
  switch (numbers.type) {
    case Type::f32:
      f(static_cast<const float*>(numbers.data));
      break;
    case Type::f16:
      f(static_cast<const hwy::float16_t*>(numbers.data));
      break;
    case Type::bf16:
      f(static_cast<const hwy::bfloat16_t*>(numbers.data));
      break;
  }
}

HWY_INLINE void widen(Numbers from, std::size_t n, float* HWY_RESTRICT to) {
  with_type(from, [&](const auto* p) { widen(p, n, to); });
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#endif
