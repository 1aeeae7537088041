# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: SNAC's noise has a number for each channel, and none for each sample."""
import mlx.core as mx
from mlx_audio.codec.models.snac.layers import NoiseBlock

shapes = []
normal = mx.random.normal
mx.random.normal = lambda shape, *a, **k: shapes.append(tuple(shape)) or normal(shape, *a, **k)
block = NoiseBlock(6)
shapes.clear()
block(mx.zeros((1, 20, 6)))  # as the decoder calls it: 20 samples of 6 channels
print("noise drawn:", shapes, "and in snac 1.2.1: [(1, 1, 20)], channels first")
