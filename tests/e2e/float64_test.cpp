// SPDX-License-Identifier: MIT
// How exactly we compute: against openai-whisper in float64, our error is at
// most twice that of openai-whisper itself in float32.

#include <gtest/gtest.h>
#include <mlx/array.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include "models/whisper/load_model.h"
#include "recipes.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

namespace mx = mlx::core;

constexpr double kFactor = 2.0;

struct ErrorFigures {
  double max_abs = 0;
  double rel_l2 = 0;
};

/// Our error at the recorded positions.
ErrorFigures error_of(const mx::array& ours, const Json& recorded) {
  const mx::array flat =
      mx::contiguous(mx::reshape(mx::astype(ours, mx::float32), {-1}));
  mx::eval(flat);
  const float* data = flat.data<float>();
  const auto positions = recorded["positions"].get<std::vector<std::size_t>>();
  const auto values = recorded["values"].get<std::vector<double>>();
  ErrorFigures figures;
  double error_sum = 0;
  double value_sum = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const double error = std::abs(double{data[positions[i]]} - values[i]);
    // A comparison with NaN is false either way, so it is asked for.
    EXPECT_TRUE(std::isfinite(error));
    figures.max_abs = std::max(figures.max_abs, error);
    error_sum += error * error;
    value_sum += values[i] * values[i];
  }
  figures.rel_l2 = std::sqrt(error_sum / value_sum);
  return figures;
}

void expect_accurate(
    const std::string& what, const mx::array& ours, const Json& recorded) {
  SCOPED_TRACE(what);
  ASSERT_EQ(
      std::vector<int>(ours.shape().begin(), ours.shape().end()),
      recorded["shape"].get<std::vector<int>>());
  const ErrorFigures figures = error_of(ours, recorded);
  const Json& reference = recorded["float32_error"];
  const double rel_l2 = reference["sampled"]["rel_l2"];
  const double max_abs = reference["all"]["max_abs"];
  testing::Test::RecordProperty(
      what + "_rel_l2_over_reference",
      std::to_string(figures.rel_l2 / rel_l2));
  EXPECT_LE(figures.rel_l2, kFactor * rel_l2);
  EXPECT_LE(figures.max_abs, kFactor * max_abs);
  // The positions are a sample; gross errors elsewhere change the norm.
  EXPECT_NEAR(l2_norm(ours) / recorded["l2"].get<double>(), 1, 1e-6);
  std::cout << what << ": relative L2 error " << figures.rel_l2
            << " (reference " << rel_l2 << "), largest " << figures.max_abs
            << " (reference " << max_abs << ")\n";
}

class Float64 : public testing::TestWithParam<std::string> {};

TEST_P(Float64, ErrorIsAtMostTwiceTheReferencesOwn) {
  const std::string name = GetParam();
  MLXAUDIO_NEEDS(lack_of_model(name));
  const Json transcripts = read_golden("transcripts-" + name + ".json");
  const Recipes recipes(transcripts);
  const whisper::Whisper net = whisper::load_model(model_dir(name));
  int compared = 0;
  const Json golden = read_golden("float64-" + name + ".json");
  for (const auto& [clip, recorded] : golden["clips"].items()) {
    if (const auto lack = recipes.lack_of(clip); !lack.empty()) {
      std::cerr << lack << '\n';
      continue;
    }
    SCOPED_TRACE(clip);
    const Audio audio = recipes.make(clip);
    const mx::array mel = first_window(audio, net.dims.n_mels);
    const mx::array encoded = net.embed_audio(mx::expand_dims(mel, 0));
    const auto ids = recorded["tokens"].get<std::vector<int>>();
    const mx::array tokens(
        ids.data(),
        {1, static_cast<int>(ids.size())},
        mx::int32);
    expect_accurate(clip + "_mel", mel, recorded["mel"]);
    expect_accurate(
        clip + "_encoder",
        mx::squeeze(encoded, 0),
        recorded["encoder"]);
    expect_accurate(
        clip + "_logits",
        mx::squeeze(net.logits(tokens, encoded), 0),
        recorded["logits"]);
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Whisper, Float64, testing::Values("base", "tiny.en"), test_name);

} // namespace
} // namespace mlxaudio::e2e
