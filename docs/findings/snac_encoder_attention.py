# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: SNAC's encoder gives its attention the axes the wrong way round."""
import mlx.core as mx
from mlx_audio.codec.models.snac import layers

seen = []


class Attention(layers.LocalMHA):
    def __call__(self, x):
        seen.append(x.shape)
        return x


layers.LocalMHA = Attention
layers.Encoder(d_model=8, strides=[2], attn_window_size=4)(mx.zeros((1, 40, 1)))
print("attention of 16 channels is given", seen, "and takes [B, C, T]: (1, 16, 20)")
