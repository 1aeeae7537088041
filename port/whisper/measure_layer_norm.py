# SPDX-License-Identifier: MIT
"""Measures how exact both references' layer norms are on nearly constant rows.

    python port/whisper/measure_layer_norm.py

prints, over many inputs of the kind of the recorded call `mlx-constant`, the
largest errors of MLX and of PyTorch in float32 against float64, and the largest
difference of the two: what the tolerance of that call in reference.toml rests on.
"""

import mlx.core as mx
import mlx.nn
import numpy as np
import torch

INPUTS = 1000
EPS = 1e-5


def parts(seed):
    """Rows near 3, a weight near 1, and a bias, in the steps that f16 has."""
    draw = np.random.default_rng(seed)

    def steps(shape, scale, offset):
        return (draw.integers(-1024, 1024, shape) / 1024 * scale + offset).astype(np.float32)

    return steps((1, 2, 8), 2.0**-12, 3.0), steps(8, 0.25, 1.0), steps(8, 0.25, 0.0)


def on_mlx(x, weight, bias):
    module = mlx.nn.LayerNorm(8, eps=EPS)
    module.load_weights([("weight", mx.array(weight)), ("bias", mx.array(bias))])
    return np.array(module(mx.array(x)))


def on_torch(x, weight, bias):
    x, weight, bias = (torch.from_numpy(a) for a in (x, weight, bias))
    return torch.nn.functional.layer_norm(x, (8,), weight, bias, EPS).numpy()


def in_float64(x, weight, bias):
    x = x.astype(np.float64)
    variance = x.var(axis=-1, keepdims=True)
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(variance + EPS) * weight + bias


def main():
    mx.set_default_device(mx.cpu)
    worst = {}
    for seed in range(INPUTS):
        given = parts(seed)
        exact, ours, theirs = in_float64(*given), on_mlx(*given), on_torch(*given)
        for name, a, b in (
            ("MLX against float64", ours, exact),
            ("PyTorch against float64", theirs, exact),
            ("MLX against PyTorch", ours, theirs),
        ):
            found = np.linalg.norm(a - b) / np.linalg.norm(exact), np.abs(a - b).max()
            worst[name] = np.maximum(worst.get(name, 0), found)
    for name, (relative, absolute) in worst.items():
        print(f"{name}: relative L2 {relative:.2g}, largest difference {absolute:.2g}")


if __name__ == "__main__":
    main()
