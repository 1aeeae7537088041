# SPDX-License-Identifier: MIT
"""mlx-audio-plus 0.1.8: the random phases of Kokoro's source are normal, not uniform."""
import mlx.core as mx
from mlx_audio.tts.models.kokoro.istftnet import SineGen

drawn = []
for kind in ("normal", "uniform"):
    draw = getattr(mx.random, kind)
    setattr(mx.random, kind, lambda *a, kind=kind, draw=draw, **k: drawn.append(kind) or draw(*a, **k))
SineGen(24000, 300, harmonic_num=8)(mx.full((1, 600, 1), 200.0))
print("phases drawn:", drawn[0], "and in kokoro 0.9.4: uniform (torch.rand)")
