# SPDX-License-Identifier: MIT
"""The port's random draws, for the reference to make.

docs/sampling.md defines them: Philox4x32-10 at a counter that names the place
of the draw, and the choice by inverse CDF. `Sampler` puts them in place of
`torch.distributions.Categorical`, which openai-whisper samples with; nothing
else of it changes.
"""

import numpy as np
import torch
import whisper.decoding

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_MASK = 0xFFFFFFFF


def philox4x32(counter, key):
    """Ten rounds: four words of a counter of four and a key of two."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = _MULTIPLIERS[0] * c[0], _MULTIPLIERS[1] * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & _MASK, (a >> 32) ^ c[3] ^ k[1], a & _MASK]
        k = [(k[0] + _WEYL[0]) & _MASK, (k[1] + _WEYL[1]) & _MASK]
    return c


def uniform(seed, window, attempt, row, step):
    """In [0, 1), a multiple of 2**-53."""
    words = philox4x32((row, step, attempt, window), (seed & _MASK, seed >> 32))
    return ((words[0] << 32 | words[1]) >> 11) * 2.0**-53


def choose(logits, u):
    """First token whose cumulative probability exceeds u, and how far u is from
    where it would be another."""
    x = logits.numpy().astype(np.float64)
    cumulative = np.cumsum(np.exp(x - x.max()))
    token = int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))
    edges = [cumulative[token]] + ([cumulative[token - 1]] if token else [])
    return token, min(abs(u - e / cumulative[-1]) for e in edges)


class Sampler:
    """While entered, openai-whisper's samples are these draws.

    Windows and tries are counted by the calls of `model.decode`, where there is
    a model: a window is another segment, a try the same one again.
    """

    def __init__(self, seed=0, window=0, attempt=0, step=0, model=None):
        self.seed, self.window, self.attempt, self.step = seed, window, attempt, step
        self.drawn = []  # of each step of this try, (token, margin) of each row
        self._model, self._segment = model, None

    def _categorical(self, logits):
        self._logits = logits
        return self

    def sample(self):
        rows = [
            choose(values, uniform(self.seed, self.window, self.attempt, row, self.step))
            for row, values in enumerate(self._logits)
        ]
        self.drawn.append(rows)
        self.step += 1
        return torch.tensor([token for token, _ in rows])

    def margin(self, tokens):
        """How far the closest draw of these tokens was from another choice."""
        for row in zip(*self.drawn):
            if [token for token, _ in row[: len(tokens)]] == tokens:
                return min(margin for _, margin in row[: len(tokens) + 1])
        return np.inf

    def _decode(self, segment, options):
        if self._segment is None:
            self._segment = segment
        elif segment is self._segment:
            self.attempt += 1
        else:
            self.window, self.attempt, self._segment = self.window + 1, 0, segment
        self.step, self.drawn = 0, []
        return whisper.decoding.decode(self._model, segment, options)

    def __enter__(self):
        self._original = whisper.decoding.Categorical
        whisper.decoding.Categorical = self._categorical
        if self._model is not None:
            self._model.decode = self._decode
        return self

    def __exit__(self, *_):
        whisper.decoding.Categorical = self._original
        if self._model is not None:
            del self._model.decode
