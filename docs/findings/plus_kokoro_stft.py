# SPDX-License-Identifier: MIT
"""mlx-audio-plus 0.1.8: Kokoro's STFT has another window, and its inverse is too quiet."""
import mlx.core as mx
import torch
from mlx_audio.tts.models.kokoro.istftnet import MLXSTFT

n_fft, hop = 20, 5
x = torch.sin(torch.arange(600) * 0.37)
window = torch.hann_window(n_fft, periodic=True)
theirs = torch.stft(x, n_fft, hop, n_fft, window=window, return_complex=True)
stft = MLXSTFT(n_fft, hop, n_fft)
magnitude, _ = stft.transform(mx.array(x.numpy())[None])
off = torch.tensor(magnitude[0].tolist()) - theirs.abs()
print("magnitudes differ:", f"{(off.norm() / theirs.abs().norm()).item():.1%}")
back = stft.inverse(mx.array(theirs.abs().numpy())[None], mx.array(theirs.angle().numpy())[None])
back = torch.tensor(back.tolist()).reshape(-1)
right = torch.istft(theirs, n_fft, hop, n_fft, window=window)
middle = slice(50, 500)
print("loudness of the inverse, of PyTorch's:", f"{(back[middle].norm() / right[middle].norm()).item():.2f}")
