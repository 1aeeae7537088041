// SPDX-License-Identifier: MIT
#pragma once

#include "mlxaudio/compute.h"
#include "nn/weights.h"

namespace mlxaudio::whisper {

/// What is kept in more bits when a model is computed in fewer; none in f32.
/// \param compute not `automatic` \param n_text_layer of the decoder
OtherLayers finer_layers(Compute compute, int n_text_layer);

} // namespace mlxaudio::whisper
