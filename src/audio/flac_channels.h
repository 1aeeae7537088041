// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "audio/downmix.h"
#include "audio/input_file.h"

namespace mlxaudio {

/// Positions of the channels of a FLAC file that names them in its comment
/// WAVEFORMATEXTENSIBLE_CHANNEL_MASK (RFC 9639, section 8.6.2). libsndfile does
/// not read it.
std::optional<std::vector<Channel>> flac_channels(
    const InputFile& input, int n_channels);

} // namespace mlxaudio
