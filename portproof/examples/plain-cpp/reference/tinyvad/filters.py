# SPDX-License-Identifier: MIT
"""Energies of a sound in bands that widen with frequency."""

import numpy as np

RATE = 8000
FRAME = 64
HOP = 32
BANDS = 6
FLOOR = 1e-6

# Where the bands' triangles begin, peak and end, in hertz.
EDGES = [0, 250, 550, 920, 1370, 1920, 2600, 3400]


def window(n):
    """A raised cosine that repeats after n samples."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)).astype(np.float32)


def filter_bank(n_fft=FRAME, rate=RATE):
    """Weights of each band at each frequency of the spectrum. [BANDS, n_fft // 2 + 1]"""
    hertz = np.arange(n_fft // 2 + 1) * rate / n_fft
    bank = np.zeros((BANDS, len(hertz)))
    for b in range(BANDS):
        low, peak, high = EDGES[b : b + 3]
        up = (hertz - low) / (peak - low)
        down = (high - hertz) / (high - peak)
        bank[b] = np.maximum(0, np.minimum(up, down))
    return bank.astype(np.float32)


def frames(samples):
    """Frames that overlap by half; the last is padded with zeros. [T, FRAME]"""
    if len(samples) == 0:
        raise ValueError("no samples")
    count = max(1, -(-(len(samples) - FRAME) // HOP) + 1)
    padded = np.zeros((count - 1) * HOP + FRAME, np.float32)
    padded[: len(samples)] = samples
    return np.stack([padded[i * HOP : i * HOP + FRAME] for i in range(count)])


def energies(samples):
    """Logarithms of the bands' powers. [T, BANDS]"""
    spectrum = np.fft.rfft(frames(samples) * window(FRAME), axis=-1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.log10(np.maximum(power @ filter_bank().T, np.float32(FLOOR)))
