# SPDX-License-Identifier: MIT
"""A gated recurrent cell over the energies, and what it says of each frame."""

from dataclasses import dataclass

import numpy as np

from tinyvad.filters import energies


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Cell:
    """One step of a gated recurrent unit."""

    def __init__(self, weights):
        self.w = weights["cell.w"]  # [3H, BANDS]
        self.u = weights["cell.u"]  # [3H, H]
        self.b = weights["cell.b"]  # [3H]

    def __call__(self, x, h):
        wr, wz, wn = np.split(self.w @ x + self.b, 3)
        ur, uz, un = np.split(self.u @ h, 3)
        r, z = sigmoid(wr + ur), sigmoid(wz + uz)
        n = np.tanh(wn + r * un)
        return (1 - z) * n + z * h


@dataclass
class Options:
    threshold: float = 0.5
    hangover: int = 2


class Vad:
    """Probability of a voice in each frame, from samples."""

    def __init__(self, weights):
        self.cell = Cell(weights)
        self.out = weights["out"]  # [H]

    def probabilities(self, samples):
        h = np.zeros(len(self.out), np.float32)
        said = []
        for x in energies(samples):
            h = self.cell(x, h)
            said.append(sigmoid(self.out @ h))
        return np.array(said, np.float32)

    def __call__(self, samples, options=Options()):
        """Whether there is a voice in each frame; it lasts a few frames longer than heard."""
        voiced, left = [], 0
        for p in self.probabilities(samples):
            left = options.hangover if p >= options.threshold else max(left - 1, -1)
            voiced.append(bool(left >= 0) if p < options.threshold else True)
        return voiced
