# SPDX-License-Identifier: MIT
"""Says whether a tone rises, stays or falls: the original that this project ports.

It stands for a package on the index or a repository; see port/tone/reference.toml.
"""

import math
from dataclasses import dataclass

import numpy as np

LABELS = ("rising", "steady", "falling")


@dataclass
class Options:
    n_bands: int = 20
    n_state: int = 16
    n_block: int = 2
    kernel: int = 3


def gelu(x):
    return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)).astype(np.float32)) / 2


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Block:
    """Convolution over time, GELU, layer normalization, and what went in."""

    def __init__(self, weights, at):
        self.w = weights[at + ".conv.weight"]  # [C, kernel, C]
        self.b = weights[at + ".conv.bias"]
        self.scale = weights[at + ".norm.weight"]
        self.shift = weights[at + ".norm.bias"]

    def __call__(self, x):
        kernel, time = self.w.shape[1], x.shape[1]
        padded = np.pad(x, ((0, 0), (kernel // 2, kernel // 2), (0, 0)))
        y = self.b + sum(padded[:, k : k + time] @ self.w[:, k].T for k in range(kernel))
        y = gelu(y)
        y = (y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-5)
        return x + y * self.scale + self.shift


class Tone:
    """Energies of bands [B, T, n_bands] -> probabilities of LABELS [B, 3]."""

    def __init__(self, weights, options=Options()):
        self.inner = weights["inner.weight"], weights["inner.bias"]
        self.blocks = [Block(weights, f"blocks.{i}") for i in range(options.n_block)]
        self.head = weights["head.weight"], weights["head.bias"]

    def __call__(self, x):
        weight, bias = self.inner
        x = x @ weight.T + bias
        for block in self.blocks:
            x = block(x)
        weight, bias = self.head
        return softmax(x.mean(1) @ weight.T + bias)

    def label(self, x):
        return [LABELS[i] for i in self(x).argmax(-1)]
