// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/tensor.h"
#include "models/whisper/config.h"

namespace mlxaudio::e2e {

/// Integers in [-1024, 1024) that depend on a name and a place only
/// (port/whisper/record_sizes.py has the same).
std::vector<std::int16_t> integers(std::string_view name, std::size_t count);

/// Pseudo-random weights of the real dimensions, in f16 and MLX's layout, the
/// same ones that the reference was recorded with.
Checkpoint random_checkpoint(const whisper::ModelDimensions& dims);

/// Checks encoder and decoder at the dimensions of a catalogue entry against
/// the reference on the same weights.
void expect_size_as_recorded(const std::string& name);

} // namespace mlxaudio::e2e
