// SPDX-License-Identifier: MIT
#include "ops/log_mel.h"

#include <gtest/gtest.h>

#include "kernels/settings.h"
#include "mlx/ops.h"
#include "mlx/random.h"
#include "mlx/transforms.h"
#include "mlxaudio/error.h"
#include "ops/stft.h"

namespace mlxaudio::ops {
namespace {

// The kernel and the composite of MLX's operations, side by side.
float difference(const mx::array& x, const mx::array& filters) {
  const bool before = kernels::enabled();
  kernels::set_enabled(true);
  const mx::array kernel = log10_mel(x, filters, 400, 160);
  kernels::set_enabled(false);
  const mx::array composite = log10_mel(x, filters, 400, 160);
  kernels::set_enabled(before);
  EXPECT_EQ(kernel.shape(), composite.shape());
  return mx::max(mx::abs(mx::subtract(kernel, composite))).item<float>();
}

TEST(Log10Mel, KernelIsTheComposite) {
  for (const int n_mels : {80, 128}) {
    const mx::array filters =
        mel_filters(16000, 400, n_mels, MelScale::slaney, true);
    for (const int n : {400, 559, 560, 561, 1040, 16000, 48321}) {
      const mx::array x = mx::multiply(
          mx::random::uniform({n}, mx::random::key(7)),
          mx::array(0.5F));
      EXPECT_LT(difference(x, filters), 1e-4F) << n_mels << " of " << n;
    }
  }
}

TEST(Log10Mel, FiltersInAnyLayout) {
  const mx::array filters = mel_filters(16000, 400, 80, MelScale::slaney, true);
  const mx::array x = mx::random::uniform({2000}, mx::random::key(1));
  const mx::array plain = log10_mel(x, mx::contiguous(filters), 400, 160);
  const mx::array turned = log10_mel(
      x,
      mx::transpose(mx::contiguous(mx::transpose(filters))),
      400,
      160);
  EXPECT_TRUE(mx::allclose(plain, turned, 0.0, 1e-5).item<bool>());
}

TEST(Log10Mel, APartOfALongerSignal) {
  const mx::array filters = mel_filters(16000, 400, 80, MelScale::slaney, true);
  const mx::array x = mx::random::uniform({4000}, mx::random::key(1));
  const mx::array whole = log10_mel(x, filters, 400, 160);
  const mx::array part =
      log10_mel(mx::slice(x, {320}, {320 + 720}), filters, 400, 160);
  EXPECT_TRUE(mx::allclose(part, mx::slice(whole, {2, 0}, {5, 80}), 0.0, 1e-5)
                  .item<bool>());
}

TEST(Log10Mel, OtherLengthsOfFramesAreComposed) {
  const mx::array filters = mel_filters(16000, 512, 40, MelScale::slaney, true);
  const mx::array x = mx::random::uniform({4000}, mx::random::key(1));
  EXPECT_EQ(log10_mel(x, filters, 512, 128).shape(), (mx::Shape{28, 40}));
}

TEST(Log10Mel, WrongShapesAreErrors) {
  const mx::array filters = mx::zeros({80, 201});
  EXPECT_THROW(log10_mel(mx::zeros({399}), filters, 400, 160), ArgumentError);
  EXPECT_THROW(
      log10_mel(mx::zeros({1, 400}), filters, 400, 160),
      ArgumentError);
  EXPECT_THROW(
      log10_mel(mx::zeros({400}), mx::zeros({80, 200}), 400, 160),
      ArgumentError);
}

} // namespace
} // namespace mlxaudio::ops
