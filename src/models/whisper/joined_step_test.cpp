// SPDX-License-Identifier: MIT
#include "models/whisper/joined_step.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "core/expect_error.h"
#include "kernels/settings.h"
#include "models/whisper/toy_model.h"

namespace mlxaudio::whisper {
namespace {

using Groups = std::vector<std::vector<std::size_t>>;

/// Wide enough that the order of a sum shows.
Whisper make_wide_model(Compute compute) {
  ModelDimensions d = toy::dims();
  d.n_audio_ctx = 20;
  d.n_audio_state = d.n_text_state = 72;
  d.n_audio_head = d.n_text_head = 2;
  const auto weights =
      std::make_shared<Weights>(Weights(toy::random_weights(d), "toy"));
  weights->compute_in(compute, {});
  Whisper model{Scope(weights), d};
  weights->finish();
  return model;
}

const Whisper& wide_model() {
  static const Whisper m = make_wide_model(Compute::f32);
  return m;
}

const Whisper& wide_model_in_int8() {
  static const Whisper m = make_wide_model(Compute::int8);
  return m;
}

/// A window after its first pass over `length` tokens, of `n` sequences.
WindowStep window_of(
    int length,
    int n,
    std::uint64_t seed,
    const TextDecoder& decoder = wide_model().decoder) {
  const auto xa = toy::random_array({1, 20, 72}, seed);
  std::vector<int> tokens;
  for (int i = 0; i < length; ++i) {
    tokens.push_back(static_cast<int>(seed) * 31 + i);
  }
  auto out = decoder(
      mx::array(tokens.data(), {1, length}, mx::int32),
      xa,
      {.kv_cache = decoder.make_cache(1, mx::float32)});
  WindowStep step{{}, xa, std::move(out.kv_cache)};
  step.kv_cache = rearrange_kv_cache(
      std::move(step.kv_cache),
      std::vector<int>(static_cast<std::size_t>(n), 0));
  return step;
}

void add_tokens(WindowStep& step, int n, int first) {
  step.tokens.clear();
  for (int i = 0; i < n; ++i) {
    step.tokens.push_back(first + 13 * i);
  }
}

std::vector<float> row_values(const mx::array& a) {
  mx::array dense = mx::contiguous(a);
  dense.eval();
  return {dense.data<float>(), dense.data<float>() + dense.size()};
}

/// Whether windows with these numbers of sequences give, over three steps, the
/// same numbers together as alone.
bool agree(
    const std::vector<int>& sequences,
    const TextDecoder& decoder = wide_model().decoder) {
  std::vector<WindowStep> together;
  std::vector<WindowStep> alone;
  const auto n = sequences.size();
  for (std::size_t i = 0; i < n; ++i) {
    const int length = 2 + 3 * static_cast<int>(i);
    together.push_back(window_of(length, sequences[i], i + 1, decoder));
    alone.push_back(window_of(length, sequences[i], i + 1, decoder));
  }
  bool same = true;
  for (int step = 0; step < 3; ++step) {
    std::vector<WindowStep*> windows;
    for (std::size_t i = 0; i < n; ++i) {
      const int first = 100 * step + 7 * static_cast<int>(i);
      add_tokens(together[i], sequences[i], first);
      add_tokens(alone[i], sequences[i], first);
      windows.push_back(&together[i]);
    }
    const auto joined = joined_step(decoder, windows);
    for (std::size_t i = 0; i < n; ++i) {
      WindowStep* one[] = {&alone[i]};
      const auto own = joined_step(decoder, one);
      EXPECT_EQ(joined[i].shape(), own.front().shape());
      same = same && row_values(joined[i]) == row_values(own.front());
    }
  }
  return same;
}

TEST(JoinedStep, FewRowsGiveWhatTheyGiveAlone) {
  EXPECT_TRUE(agree({1}));
  EXPECT_TRUE(agree({1, 1}));
  EXPECT_TRUE(agree({1, 1, 1, 1}));
  EXPECT_TRUE(agree({2, 1, 5}));
  EXPECT_TRUE(agree({1, 1, 1, 1, 1, 1, 1, 1}));
}

TEST(JoinedStep, ManyRowsGiveWhatTheyGiveAlone) {
  EXPECT_TRUE(agree({9, 12}));
  EXPECT_TRUE(agree({10, 10, 16}));
}

TEST(JoinedStep, RowsInInt8GiveWhatTheyGiveAlone) {
  const TextDecoder& decoder = wide_model_in_int8().decoder;
  EXPECT_TRUE(decoder.blocks.front().mlp1.weight.int8().has_value());
  EXPECT_TRUE(agree({1, 1, 1, 1}, decoder));
  EXPECT_TRUE(agree({2, 1, 5}, decoder));
  EXPECT_TRUE(agree({9, 12}, decoder));
}

TEST(JoinedStep, FewAndManyRowsDoNotMix) {
  // Why there are groups: the kernels for few and for many rows differ in the
  // last bits.
  EXPECT_FALSE(agree({5, 5}));
}

TEST(JoinedStep, AFullContextIsRefused) {
  WindowStep full = window_of(448, 1, 1);
  WindowStep other = window_of(2, 1, 2);
  add_tokens(full, 1, 5);
  add_tokens(other, 1, 5);
  WindowStep* windows[] = {&other, &full};
  expect_error<ArgumentError>(
      [&] { joined_step(wide_model().decoder, windows); },
      {"448", "context"});
}

Groups groups(const std::vector<std::size_t>& rows, bool joinable = true) {
  return groups_of_steps(rows, joinable);
}

TEST(GroupsOfSteps, FewRowsGoTogetherWhileTheyAreFew) {
  EXPECT_EQ(groups({}), Groups{});
  EXPECT_EQ(groups({1}), (Groups{{0}}));
  EXPECT_EQ(groups({1, 1, 1, 1}), (Groups{{0, 1, 2, 3}}));
  EXPECT_EQ(groups({5, 5, 3, 1}), (Groups{{0, 2}, {1, 3}}));
  EXPECT_EQ(groups({8, 1, 8}), (Groups{{0}, {1}, {2}}));
}

TEST(GroupsOfSteps, ManyRowsGoTogetherWithoutLimit) {
  EXPECT_EQ(groups({9, 20, 10}), (Groups{{0, 1, 2}}));
  EXPECT_EQ(groups({9, 1, 10, 7}), (Groups{{0, 2}, {1, 3}}));
}

TEST(GroupsOfSteps, WithoutOurProductsEachGoesAlone) {
  EXPECT_EQ(groups({1, 1, 10, 10}, false), (Groups{{0}, {1}, {2}, {3}}));
  EXPECT_TRUE(is_joinable(wide_model().decoder));
  kernels::set_enabled(false);
  EXPECT_FALSE(is_joinable(wide_model().decoder));
  kernels::set_enabled(true);
}

} // namespace
} // namespace mlxaudio::whisper
