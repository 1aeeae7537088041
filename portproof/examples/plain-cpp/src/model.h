// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <vector>

#include "filters.h"

namespace tinyvad {

/// \port tinyvad.model.sigmoid
float sigmoid(float x);

/// One step of a gated recurrent unit.
/// \port tinyvad.model.Cell
struct Cell {
  Matrix w;             ///< [3H, kBands]
  Matrix u;             ///< [3H, H]
  std::vector<float> b; ///< [3H]

  std::vector<float> operator()(
      const float* x, const std::vector<float>& h) const;
};

/// \port tinyvad.model.Options
struct Options {
  float threshold = 0.5F;
  int hangover = 2; ///< \unit frames
};

/// Sees what is computed on the way, and may put something else in its place.
struct Watcher {
  std::function<void(Matrix&)> energies = [](Matrix&) {};
  std::function<void(
      const float* x, const std::vector<float>& h, std::vector<float>& next)>
      cell =
          [](const float*, const std::vector<float>&, std::vector<float>&) {};
};

/// Probability of a voice in each frame, from samples.
/// \port tinyvad.model.Vad
struct Vad {
  Cell cell;
  std::vector<float> out; ///< [H]

  std::vector<float> probabilities(
      const std::vector<float>& samples, const Watcher& watcher = {}) const;
  /// Whether there is a voice in each frame; it lasts a few frames longer than
  /// it is heard.
  std::vector<bool> operator()(
      const std::vector<float>& samples, const Options& options = {}) const;
};

} // namespace tinyvad
