# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: SNAC's rotate_half keeps an axis, and attention fails."""
import mlx.core as mx
from mlx_audio.codec.models.snac.attention import LocalMHA, rotate_half

print("rotate_half of (1, 2, 3, 8):", rotate_half(mx.zeros((1, 2, 3, 8))).shape)
try:
    print(LocalMHA(dim=64, window_size=4)(mx.zeros((1, 64, 8))).shape)
except Exception as e:
    print(f"LocalMHA: {type(e).__name__}")
