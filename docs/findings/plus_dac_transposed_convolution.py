# SPDX-License-Identifier: MIT
"""mlx-audio-plus 0.1.8: each upsampling of DAC adds a sample."""
import mlx.core as mx
import torch
from mlx_audio.codec.models.descript.nn.layers import WNConvTranspose1d

for stride in (2, 4, 5, 8):
    given = dict(kernel_size=2 * stride, stride=stride, padding=(stride + 1) // 2)
    theirs = torch.nn.ConvTranspose1d(4, 4, **given)(torch.zeros(1, 4, 30)).shape[-1]
    ours = WNConvTranspose1d(4, 4, **given)(mx.zeros((1, 30, 4))).shape[1]
    print("rate", stride, "30 samples become", ours, "and in PyTorch", theirs)
