# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: each upsampling of SNAC with an even rate adds a sample."""
import mlx.core as mx
import torch
from mlx_audio.codec.models.snac.layers import WNConvTranspose1d

for stride in (2, 3, 4, 8):
    given = dict(kernel_size=2 * stride, stride=stride, padding=(stride + 1) // 2, output_padding=stride % 2)
    theirs = torch.nn.ConvTranspose1d(4, 4, **given)(torch.zeros(1, 4, 24)).shape[-1]
    ours = WNConvTranspose1d(4, 4, **given)(mx.zeros((1, 24, 4))).shape[1]
    print("rate", stride, "24 samples become", ours, "and in PyTorch", theirs)
