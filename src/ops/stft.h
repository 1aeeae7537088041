// SPDX-License-Identifier: MIT
// Ports the window, STFT and mel filters of mlx_audio/dsp.py (mlx-audio 0.6.2).
// Copyright (c) 2024 Prince Canuma, https://github.com/Blaizzy/mlx-audio (MIT,
// see licenses/mlx-audio.txt)
#pragma once

#include "mlx/array.h"

namespace mlxaudio::ops {

namespace mx = mlx::core;

/// Hann window.
/// \port  mlx_audio.dsp.hanning
/// \param periodic for spectra; symmetric otherwise
/// \shape [size] f32
mx::array hanning(int size, bool periodic = false);

/// What stands beyond the ends of a signal whose frames are centred.
enum class PadMode { constant, reflect };

/// Short-time Fourier transform.
///
/// \port   mlx_audio.dsp.stft
/// \shape  x [N] f32, window [<= n_fft] -> [T, n_fft / 2 + 1] complex
/// \param  center frame t is around sample t * hop_length; else it begins there
/// \throws ArgumentError for a signal shorter than one frame, or too short to
/// be
///         reflected
mx::array stft(
    const mx::array& x,
    const mx::array& window,
    int n_fft,
    int hop_length,
    bool center = true,
    PadMode pad_mode = PadMode::reflect);

/// Which formula of the mel scale.
enum class MelScale { htk, slaney };

/// Triangular mel filters in single precision, as MLX's ops compute them; a
/// few units of the last place from a table made in double.
/// \port  mlx_audio.dsp.mel_filters
/// \param unit_area Slaney's normalisation
/// \shape [n_mels, n_fft / 2 + 1] f32
mx::array mel_filters(
    int sample_rate, int n_fft, int n_mels, MelScale mel_scale, bool unit_area);

} // namespace mlxaudio::ops
