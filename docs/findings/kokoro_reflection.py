# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2 and mlx-audio-plus 0.1.8: Kokoro's reflection pads with zeros."""
import mlx.core as mx
import torch
from mlx_audio.tts.models.kokoro.istftnet import ReflectionPad1d

x = [[[1.0, 2.0, 3.0]]]
print("MLX:", ReflectionPad1d((1, 0))(mx.array(x)).tolist())
print("PyTorch:", torch.nn.ReflectionPad1d((1, 0))(torch.tensor(x)).tolist())
