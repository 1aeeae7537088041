// SPDX-License-Identifier: MIT
// Included once for each instruction set; see simd.h.
#if defined(MLXAUDIO_KERNELS_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MLXAUDIO_KERNELS_SIMD_MATH_INL_H_
#undef MLXAUDIO_KERNELS_SIMD_MATH_INL_H_
#else
#define MLXAUDIO_KERNELS_SIMD_MATH_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// e^x for x <= 0, to about 1 unit in the last place; 0 where the result would
/// be below the least normal number. NaN stays NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_nonpositive(D d, V x) {
  const hn::RebindToSigned<D> di;
  // x = n ln 2 + r; ln 2 in two parts, so that n ln 2 is exact enough. Added to
  // 1.5 2^23, a number loses its fraction, and its last bits are n.
  const V whole = hn::Set(d, 12582912.0f + 127.0f);
  const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504088896341f), whole);
  const V n = hn::Sub(shifted, whole);
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440054690583e-4f), r);
  // e^r = 1 + r + r^2 q(r), q a minimax polynomial on |r| <= ln 2 / 2.
  V q = hn::Set(d, 1.381461298e-3f);
  q = hn::MulAdd(q, r, hn::Set(d, 8.368709843e-3f));
  q = hn::MulAdd(q, r, hn::Set(d, 4.1668387367e-2f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.166665206896f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.499999934517f));
  const V p = hn::Add(hn::MulAdd(hn::Mul(r, r), q, r), hn::Set(d, 1.0f));
  const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, shifted)));
  const auto tiny = hn::Lt(x, hn::Set(d, -87.3f));
  return hn::IfThenZeroElse(tiny, hn::Mul(p, power));
}

/// x * (1 + erf(x / sqrt 2)) / 2, without the cancellation in 1 + erf that
/// costs the formula its digits below zero. Of minus infinity it is NaN, as the
/// formula gives.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu(D d, V x) {
  const V t = hn::Mul(hn::Abs(x), hn::Set(d, 0.707106781186547524f));
  const V s = hn::Mul(t, t);
  // Near zero: erf(t) = t + t p(t^2), |t| <= 0.875.
  V p = hn::Set(d, 8.675430387e-5f);
  p = hn::MulAdd(p, s, hn::Set(d, -8.2111136167e-4f));
  p = hn::MulAdd(p, s, hn::Set(d, 5.2067483629e-3f));
  p = hn::MulAdd(p, s, hn::Set(d, -2.6861585136e-2f));
  p = hn::MulAdd(p, s, hn::Set(d, 0.11283733012f));
  p = hn::MulAdd(p, s, hn::Set(d, -0.37612636067f));
  p = hn::MulAdd(p, s, hn::Set(d, 0.12837916687f));
  const V erf = hn::CopySignToAbs(hn::MulAdd(t, p, t), x);
  // Farther out: erfc(t) = e^(t u(t)), 0.875 <= t <= 4.2; beyond, below the
  // last digit of anything that it is added to.
  V u = hn::Set(d, -9.750370290512e-6f);
  u = hn::MulAdd(u, t, hn::Set(d, 3.08029441859e-4f));
  u = hn::MulAdd(u, t, hn::Set(d, -3.582609946028e-3f));
  u = hn::MulAdd(u, t, hn::Set(d, 2.3636020878037e-2f));
  u = hn::MulAdd(u, t, hn::Set(d, -0.10609126387753f));
  u = hn::MulAdd(u, t, hn::Set(d, -0.63523886658852f));
  u = hn::MulAdd(u, t, hn::Set(d, -1.12862707137208f));
  const V far = hn::Set(d, 4.2f);
  const V erfc =
      hn::IfThenZeroElse(hn::Gt(t, far), exp_of_nonpositive(d, hn::Mul(t, u)));
  const V one = hn::Set(d, 1.0f);
  const auto negative = hn::Lt(x, hn::Zero(d));
  const V outer =
      hn::IfThenElse(negative, erfc, hn::Sub(hn::Set(d, 2.0f), erfc));
  const V sum =
      hn::IfThenElse(hn::Lt(t, hn::Set(d, 0.875f)), hn::Add(one, erf), outer);
  return hn::Mul(hn::Mul(x, hn::Set(d, 0.5f)), sum);
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#endif
