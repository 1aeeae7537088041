// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mlxaudio/compute.h"

namespace mlxaudio::whisper {

/// The linear layers that stay in f32 when a model is computed in fewer bits.
/// \param compute not `automatic`
std::vector<std::string> exact_layers(Compute compute);

} // namespace mlxaudio::whisper
