# SPDX-License-Identifier: MIT
"""mlx-audio-plus 0.1.8: Kokoro's upsampling blocks are one frame late."""
import mlx.core as mx
import torch
from mlx_audio.tts.models.kokoro.istftnet import ConvWeighted

pool = ConvWeighted(1, 1, kernel_size=3, stride=2, padding=1, groups=1)
pool.weight_v, pool.weight_g = mx.array([[[1.0], [2.0], [3.0]]]), mx.array([[[14.0**0.5]]])
x = mx.array([[[1.0], [10.0], [100.0]]])
# As AdainResBlk1d._residual does it.
y = mx.pad(pool(x, mx.conv_transpose1d), ((0, 0), (1, 0), (0, 0)))
print("MLX:", [round(v) for v in y[0, :, 0].tolist()])
theirs = torch.nn.ConvTranspose1d(1, 1, 3, stride=2, padding=1, output_padding=1, bias=False)
theirs.weight.data = torch.tensor([[[1.0, 2.0, 3.0]]])
print("PyTorch:", [round(v) for v in theirs(torch.tensor([[[1.0, 10.0, 100.0]]]))[0, 0].tolist()])
