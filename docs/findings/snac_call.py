# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: calling SNAC fails, for its decoder is given the axes the wrong way round."""
import mlx.core as mx
from mlx_audio.codec.models.snac.snac import SNAC

model = SNAC(
    encoder_dim=4, encoder_rates=[3, 3], decoder_dim=16, decoder_rates=[3, 3],
    attn_window_size=None, codebook_size=16, codebook_dim=4, vq_strides=[2, 1],
)
audio = mx.zeros((1, 1, 180))
print("decode(encode(audio)):", model.decode(model.encode(audio)).shape)
try:
    print("model(audio):", model(audio)[0].shape)
except Exception as e:
    print(f"model(audio): {type(e).__name__}")
