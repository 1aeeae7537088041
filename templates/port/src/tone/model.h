// SPDX-License-Identifier: MIT
// Ports reference/tone/model.py.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "mlxaudio/nn/conv1d.h"
#include "mlxaudio/nn/each.h"
#include "mlxaudio/nn/layer_norm.h"
#include "mlxaudio/nn/linear.h"

namespace tone {

namespace mx = mlx::core;
using mlxaudio::Scope;

/// \port tone.model.LABELS
inline constexpr std::array<const char*, 3> kLabels = {
    "rising", "steady", "falling"};

/// \port tone.model.Options
struct Options {
  int n_bands = 20;
  int n_state = 16;
  int n_block = 2;
  int kernel = 3;
};

/// \port tone.model.gelu
mx::array gelu(const mx::array& x);

/// Over the last axis.
/// \port tone.model.softmax
mx::array softmax(const mx::array& x);

/// Convolution over time, GELU, layer normalization, and what went in.
/// \port tone.model.Block
struct Block {
  Scope at;
  Options options;

  mlxaudio::Conv1d conv{
      at / "conv",
      options.n_state,
      options.n_state,
      options.kernel,
      1,
      options.kernel / 2};
  mlxaudio::LayerNorm norm{at / "norm", options.n_state};

  /// \shape x [B, T, n_state] -> the same
  mx::array operator()(const mx::array& x) const;
};

/// \port tone.model.Tone
struct Tone {
  Scope at;
  Options options;

  mlxaudio::Linear inner{at / "inner", options.n_bands, options.n_state};
  std::vector<Block> blocks =
      mlxaudio::each<Block>(at / "blocks", options.n_block, options);
  mlxaudio::Linear head{
      at / "head", options.n_state, static_cast<int>(kLabels.size())};

  /// \shape energies of bands [B, T, n_bands] -> probabilities of kLabels
  /// [B, 3]
  mx::array operator()(const mx::array& x) const;
  /// The likeliest label of each of the batch.
  std::vector<std::string> label(const mx::array& x) const;
};

} // namespace tone
