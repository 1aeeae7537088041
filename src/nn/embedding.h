// SPDX-License-Identifier: MIT
// Ports a layer of mlx/nn/layers/embedding.py of MLX 0.32.4.
// Copyright (c) 2023 Apple Inc., https://github.com/ml-explore/mlx (MIT, see
// licenses/mlx.txt)
#pragma once

#include "nn/linear_weight.h"

namespace mlxaudio {

/// Table of vectors, looked up by whole numbers.
/// \port mlx.nn.layers.embedding.Embedding
struct Embedding {
  Scope at;
  int num_embeddings;
  int dims;

  ops::LinearWeight weight = linear_weight(at, num_embeddings, dims);

  /// \shape x [...] of integers -> [..., dims]
  mx::array operator()(const mx::array& x) const;
  /// The table as the weights of a linear map (tied output projection).
  /// \shape x [..., dims] -> [..., num_embeddings]
  mx::array as_linear(const mx::array& x) const;
};

} // namespace mlxaudio
