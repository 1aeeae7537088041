// SPDX-License-Identifier: MIT
#include "models/whisper/inference.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "kernels/settings.h"
#include "models/whisper/toy_model.h"
#include "ops/array.h"

namespace mlxaudio::whisper {
namespace {

const Whisper& model() {
  static const Whisper m = toy::model();
  return m;
}

mx::array features(int n_audio = 1) {
  return toy::random_array(
      {n_audio, model().dims.n_audio_ctx, model().dims.n_audio_state},
      77);
}

/// Operations that are yet to be computed for an array.
std::size_t operations_of(const mx::array& result) {
  std::set<std::uintptr_t> seen;
  std::vector<mx::array> open{result};
  while (!open.empty()) {
    const mx::array a = open.back();
    open.pop_back();
    if (a.status() == mx::array::Status::unscheduled && a.has_primitive() &&
        seen.insert(a.id()).second) {
      open.insert(open.end(), a.inputs().begin(), a.inputs().end());
    }
  }
  return seen.size();
}

TEST(MLXInference, AStepIsFewOperations) {
  if (!ops::on_cpu() || !kernels::enabled()) {
    GTEST_SKIP() << "NOT TESTED: kernels are off";
  }
  MLXInference inference(model(), 2);
  Sequences tokens{{5, 17}};
  inference.logits(tokens, features(), std::vector{1}).eval();
  const auto layers = static_cast<std::size_t>(model().dims.n_text_layer);
  for (int i = 0; i < 3; ++i) {
    tokens[0].push_back(29 + i);
    const auto step = inference.logits(tokens, features(), std::vector{0});
    // To itself: query, key, value, attention, output; to the audio: query,
    // attention, output; two of the perceptron. Before them the token and its
    // place, and their sum, take five; after them come the logits.
    EXPECT_EQ(operations_of(step), 10 * layers + 6);
    mx::eval(step);
  }
}

TEST(MLXInference, StepsAgreeWithOneRun) {
  const auto xa = features();
  const Sequences all{{5, 17, 29, 31, 44, 50}};
  const mx::array whole =
      model().logits(mx::array(all[0].data(), {1, 6}, mx::int32), xa);

  MLXInference inference(model(), 3);
  const std::vector<int> last_of_three{1, 2};
  Sequences tokens{{5, 17, 29}};
  const auto first = inference.logits(tokens, xa, last_of_three);
  EXPECT_TRUE(mx::allclose(
                  first,
                  mx::slice(whole, {0, 1, 0}, {1, 3, 51865}),
                  1e-4,
                  1e-5)
                  .item<bool>());
  for (int i = 3; i < 6; ++i) {
    tokens[0].push_back(all[0][static_cast<std::size_t>(i)]);
    const auto step = inference.logits(tokens, xa, std::vector{0});
    EXPECT_TRUE(mx::allclose(
                    step,
                    mx::slice(whole, {0, i, 0}, {1, i + 1, 51865}),
                    1e-4,
                    1e-5)
                    .item<bool>())
        << i;
  }
}

TEST(MLXInference, RearrangesItsSequences) {
  const auto xa = mx::repeat(features(), 2, 0);
  const auto step_after = [&](bool swap) {
    MLXInference inference(model(), 2);
    inference.logits({{5, 6}, {7, 8}}, xa, std::vector{1}).eval();
    if (swap) {
      inference.rearrange_kv_cache(std::vector{1, 0});
    }
    return inference.logits({{5, 6, 9}, {7, 8, 9}}, xa, std::vector{0});
  };
  const auto plain = step_after(false);
  const auto swapped = step_after(true);
  const auto reversed = mx::take(plain, mx::array({1, 0}), 0);
  EXPECT_TRUE(mx::allclose(swapped, reversed, 1e-4, 1e-5).item<bool>());
  EXPECT_FALSE(mx::allclose(swapped, plain, 1e-4, 1e-5).item<bool>());
}

TEST(MLXInference, AGroupSharesItsAudio) {
  const auto xa = features(2);
  const auto repeated = mx::repeat(xa, 3, 0);
  // The first call is the same for a group, later ones are not.
  const auto steps = [&](const mx::array& features_given) {
    MLXInference inference(model(), 2);
    Sequences tokens{{5, 6}, {5, 6}, {5, 6}, {7, 8}, {7, 8}, {7, 8}};
    std::vector<mx::array> outs{
        inference.logits(tokens, features_given, std::vector{0, 1})};
    for (const int more : {10, 30}) {
      for (int k = 0; k < 6; ++k) {
        tokens[static_cast<std::size_t>(k)].push_back(more + k);
      }
      outs.push_back(inference.logits(tokens, features_given, std::vector{0}));
      const std::vector<int> sources{2, 1, 0, 3, 3, 5};
      inference.rearrange_kv_cache(sources);
      Sequences moved;
      for (const int source : sources) {
        moved.push_back(tokens[static_cast<std::size_t>(source)]);
      }
      tokens = moved;
    }
    return outs;
  };
  const auto shared = steps(xa);
  const auto apart = steps(repeated);
  for (std::size_t i = 0; i < shared.size(); ++i) {
    EXPECT_EQ(shared[i].shape(), apart[i].shape());
    EXPECT_TRUE(mx::allclose(shared[i], apart[i], 1e-4, 1e-5).item<bool>())
        << i;
  }
}

TEST(TextDecoder, ScoresOfAGroupThatSharesItsAudio) {
  const std::vector<int> ids{5, 6, 7, 8, 9, 10, 11, 12};
  const mx::array tokens(ids.data(), {4, 2}, mx::int32);
  const auto xa = features(2);
  const auto shared = model().decoder(tokens, xa, {.with_cross_qk = true});
  const auto apart =
      model().decoder(tokens, mx::repeat(xa, 2, 0), {.with_cross_qk = true});
  EXPECT_TRUE(
      mx::allclose(shared.logits, apart.logits, 1e-4, 1e-5).item<bool>());
  ASSERT_EQ(shared.cross_qk.size(), apart.cross_qk.size());
  for (std::size_t i = 0; i < shared.cross_qk.size(); ++i) {
    EXPECT_EQ(shared.cross_qk[i].shape(), (mx::Shape{4, 2, 2, 1500}));
    EXPECT_TRUE(mx::allclose(shared.cross_qk[i], apart.cross_qk[i], 1e-4, 1e-5)
                    .item<bool>());
  }
}

} // namespace
} // namespace mlxaudio::whisper
