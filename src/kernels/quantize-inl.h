// SPDX-License-Identifier: MIT
// Included once for each instruction set; see simd.h.
#if defined(MLXAUDIO_KERNELS_QUANTIZE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MLXAUDIO_KERNELS_QUANTIZE_INL_H_
#undef MLXAUDIO_KERNELS_QUANTIZE_INL_H_
#else
#define MLXAUDIO_KERNELS_QUANTIZE_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// What turns numbers of a group to whole ones, and what one of these is worth.
struct GroupScale {
  float factor, scale;
};

/// Such that the greatest of n numbers becomes `most`. Of NaN and infinity both
/// are none. \param n a multiple of every vector's lanes
HWY_INLINE GroupScale
group_scale(const float* HWY_RESTRICT x, std::size_t n, float most) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  // Far below it, most / greatest would not be finite.
  constexpr float kNothing = 1e-30f;
  // As whole numbers, in which NaN is greater than all.
  auto max = hn::Zero(di);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    max = hn::Max(max, hn::BitCast(di, hn::Abs(hn::LoadU(d, x + i))));
  }
  const std::int32_t bits = hn::GetLane(hn::MaxOfLanes(di, max));
  float greatest = 0;
  std::memcpy(&greatest, &bits, sizeof(greatest));
  if (greatest < kNothing) {
    return {0.0f, 0.0f};
  }
  return {most / greatest, greatest / most};
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#endif
