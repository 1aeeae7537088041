// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "models/whisper/load.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// Builds a model from a checkpoint, with its vocabulary.
/// \throws WeightError that lists every tensor that does not fit; TokenError if
///   there is no vocabulary, or one for another model
/// \param compute what its products are computed in; not `automatic`
Whisper load_model(
    const LoadedCheckpoint& checkpoint, Compute compute = Compute::f32);

/// Loads a checkpoint and builds the model.
Whisper load_model(const std::filesystem::path& path);

} // namespace mlxaudio::whisper
