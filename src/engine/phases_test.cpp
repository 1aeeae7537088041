// SPDX-License-Identifier: MIT
#include "engine/phases.h"

#include <gtest/gtest.h>

namespace mlxaudio::engine {
namespace {

whisper::ModelDimensions base() {
  return {80, 1500, 512, 8, 6, 51865, 448, 512, 8, 6};
}

// Counted from the shapes of base's own matrices, layer by layer.
TEST(Needs, OfTheEncoderAreItsProductsAndWeights) {
  const double first = 3.0 * 80 * 512, second = 3.0 * 512 * 512;
  const double projections = 4.0 * 512 * 512, mlp = 2.0 * 512 * 2048;
  const double flops =
      2 * 3000 * first + 2 * 1500 * second +
      6 * (2 * 1500 * (projections + mlp) + 2 * 2 * 1500.0 * 1500 * 512);
  const Need need = encoder_need(base(), {2, 2, 2, 2, 4});
  EXPECT_DOUBLE_EQ(need.flops, flops);
  EXPECT_DOUBLE_EQ(need.bytes, 2 * (first + second + 6 * (projections + mlp)));
  EXPECT_DOUBLE_EQ(
      encoder_need(base(), {1, 2, 2, 2, 4}).bytes,
      2 * (first + second) + 6 * (projections + mlp));
}

TEST(Needs, OfAStepAreReadOnceForAllBeams) {
  const double layer = 6.0 * 512 * 512 + 2.0 * 512 * 2048;
  const double vocabulary = 51865.0 * 512;
  const double audio = 2.0 * 1500 * 512;
  const Need one = step_need(base(), {2, 2, 2, 2, 4}, 1);
  EXPECT_DOUBLE_EQ(one.bytes, 2 * (6 * layer + vocabulary) + 4 * 6 * audio);
  EXPECT_DOUBLE_EQ(one.flops, 2 * (6 * (layer + audio) + vocabulary));
  const Need five = step_need(base(), {2, 2, 2, 2, 4}, 5);
  EXPECT_DOUBLE_EQ(five.bytes, one.bytes);
  EXPECT_DOUBLE_EQ(five.flops, 5 * one.flops);
}

TEST(Needs, OfAPromptHaveTheAudiosKeysAndValues) {
  const double audio = 2.0 * 512 * 512;
  const Need three = prompt_need(base(), {2, 2, 2, 2, 4}, 3);
  const Need none = prompt_need(base(), {2, 2, 2, 2, 4}, 0);
  EXPECT_DOUBLE_EQ(none.flops, 2 * (6 * 1500 * audio + 51865.0 * 512));
  EXPECT_GT(three.flops, none.flops);
  EXPECT_DOUBLE_EQ(three.bytes, none.bytes);
  EXPECT_DOUBLE_EQ(
      three.bytes - (step_need(base(), {2, 2, 2, 2, 4}, 1).bytes -
                     4 * 6 * 2.0 * 1500 * 512),
      2 * 6 * audio);
  EXPECT_DOUBLE_EQ(
      three.bytes - prompt_need(base(), {1, 2, 2, 2, 4}, 3).bytes,
      6 * audio);
  EXPECT_DOUBLE_EQ(
      step_need(base(), {1, 2, 2, 2, 4}, 1).bytes,
      step_need(base(), {2, 2, 2, 2, 4}, 1).bytes);
}

} // namespace
} // namespace mlxaudio::engine
