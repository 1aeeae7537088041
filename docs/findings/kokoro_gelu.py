# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2 and mlx-audio-plus 0.1.8: Kokoro's ALBERT has another GELU.

kokoro 0.9.4 makes transformers' AlbertModel, whose `hidden_act` is `gelu_new`: the formula with tanh.
"""
import mlx.core as mx
import torch
from mlx_audio.tts.models.kokoro.modules import AlbertLayer, AlbertModelArgs

layer = AlbertLayer(AlbertModelArgs(
    num_hidden_layers=1, num_attention_heads=2, hidden_size=8, intermediate_size=8,
    max_position_embeddings=8, model_type="albert", vocab_size=8,
))
x = torch.linspace(-4, 4, 801)
ours = torch.tensor(layer.activation(mx.array(x.numpy())).tolist())
theirs = torch.nn.functional.gelu(x, approximate="tanh")
print("largest difference:", f"{(ours - theirs).abs().max().item():.1e}")
