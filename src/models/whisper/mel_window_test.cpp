// SPDX-License-Identifier: MIT
#include "models/whisper/mel_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include <mlx/ops.h>

namespace mlxaudio::whisper {
namespace {

/// Frames [first, first + n), each with its number in all of its bands.
mx::array numbered(int first, int n) {
  const mx::array numbers =
      mx::astype(mx::arange(first, first + n), mx::float32);
  return mx::broadcast_to(
      mx::expand_dims(numbers + mx::array(1.0F), 1),
      {n, 3});
}

/// What the window must hold after frames [0, end).
std::vector<float> expected(int end) {
  std::vector<float> window;
  const int begin = std::max(end - kNFrames, 0);
  for (int i = begin; i < begin + kNFrames; ++i) {
    window.insert(window.end(), 3, i < end ? static_cast<float>(i + 1) : 0.0F);
  }
  return window;
}

std::vector<float> values(const mx::array& a) {
  mx::array whole = mx::contiguous(a);
  whole.eval();
  return {whole.data<float>(), whole.data<float>() + whole.size()};
}

TEST(MelWindow, HoldsTheLast30SecondsWhateverThePieces) {
  for (const std::vector<int>& lengths :
       {std::vector<int>{100, 0, 250, 2650, 1, 3000, 2999, 7},
        std::vector<int>{4000, 10},
        std::vector<int>{2999, 3000, 1, 1, 6000, 1},
        std::vector<int>(9, 1000)}) {
    MelWindow window;
    int end = 0;
    for (const int n : lengths) {
      window.append(numbered(end, n));
      end += n;
      EXPECT_EQ(window.n_frames(), std::min(end, kNFrames));
      EXPECT_EQ(values(window.frames()), expected(end)) << "at " << end;
    }
  }
}

TEST(MelWindow, ForgetsAll) {
  MelWindow window;
  window.append(numbered(0, 3000));
  window.reset();
  EXPECT_EQ(window.n_frames(), 0);
  window.append(numbered(0, 5));
  EXPECT_EQ(values(window.frames()), expected(5));
}

TEST(MelWindow, WithoutAFrameIsSilent) {
  MelWindow window;
  window.append(mx::zeros({0, 3}));
  EXPECT_EQ(window.n_frames(), 0);
  EXPECT_EQ(values(window.frames()), expected(0));
}

TEST(MelWindow, WritesInPlace) {
  MelWindow window;
  window.append(numbered(0, 10));
  mx::array before = window.frames();
  before.eval();
  const float* const at = before.data<float>();
  before = mx::array(0.0F);
  window.append(numbered(10, 10));
  mx::array after = window.frames();
  after.eval();
  EXPECT_EQ(after.data<float>(), at);
}

} // namespace
} // namespace mlxaudio::whisper
