// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mlxaudio/compute.h"

namespace mlxaudio::whisper {

/// The modules whose linear layers stay in f32, with those below them, when a
/// model is computed in fewer bits.
/// \param compute not `automatic` \param n_text_layer of the decoder
std::vector<std::string> exact_layers(Compute compute, int n_text_layer);

} // namespace mlxaudio::whisper
