// SPDX-License-Identifier: MIT
#pragma once

#include "mlx/array.h"

namespace mlxaudio::ops {

namespace mx = mlx::core;

/// log10(max(filters |STFT(x)|^2, 1e-10)) under a periodic Hann window as long
/// as the frames; frame t begins at sample t * hop_length.
///
/// \shape  x [N] f32, filters [n_mels, n_fft / 2 + 1] f32
///         -> [1 + (N - n_fft) / hop_length, n_mels] f32
/// \throws ArgumentError for other shapes, or fewer samples than one frame
mx::array log10_mel(
    const mx::array& x, const mx::array& filters, int n_fft, int hop_length);

} // namespace mlxaudio::ops
