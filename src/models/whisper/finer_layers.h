// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mlxaudio/compute.h"

namespace mlxaudio::whisper {

/// Paths of modules, each with those below it, whose products are computed in
/// f32 when a model is computed in fewer bits.
struct FinerLayers {
  std::vector<std::string> exact; ///< with weights as the file has them
  std::vector<std::string> int12; ///< with weights rounded to 12 bits
};

/// \param compute not `automatic` \param n_text_layer of the decoder
FinerLayers finer_layers(Compute compute, int n_text_layer);

} // namespace mlxaudio::whisper
