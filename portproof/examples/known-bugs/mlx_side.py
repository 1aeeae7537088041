# SPDX-License-Identifier: MIT
"""What the probes of these models share: MLX modules that take PyTorch's weights."""

import contextlib

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten

mx.set_default_device(mx.cpu)


def array(x):
    return mx.array(np.asarray(x))


def swapped(x):
    """[B, C, T] from [B, T, C] and back."""
    return array(x).swapaxes(1, 2)


def load(module, weights, renamed):
    """Puts PyTorch's weights into a module.

    renamed(name, array) gives the port's name and array, as its own conversion would.
    Every parameter must be given and taken.
    """
    named = dict(renamed(k, array(v)) for k, v in weights.items())
    own = {k: v.shape for k, v in tree_flatten(module.parameters())}
    if {k: tuple(v.shape) for k, v in named.items()} != {k: tuple(s) for k, s in own.items()}:
        wrong = [f"{k} {own.get(k)} {named[k].shape if k in named else None}"
                 for k in sorted({*own, *named})
                 if k not in own or k not in named or tuple(own[k]) != tuple(named[k].shape)]
        raise ValueError(f"weights do not fit: {wrong[:4]}")
    module.load_weights(list(named.items()))
    module.eval()
    return module


@contextlib.contextmanager
def drawn(noises):
    """MLX's random draws give these arrays, in this order; another shape is refused.

    Gives of which kind each was.
    """
    waiting = [np.asarray(n) for n in noises]
    kinds = []
    own = mx.random.normal, mx.random.uniform

    def drawing(kind):
        def give(*args, shape=None, **options):
            want = tuple(shape if shape is not None else args[0])
            noise = waiting.pop(0)
            if noise.shape != want:
                raise ValueError(f"drew noise of shape {want}, the reference {noise.shape}")
            kinds.append(kind)
            return array(noise)

        return give

    mx.random.normal, mx.random.uniform = drawing("normal"), drawing("uniform")
    try:
        yield kinds
    finally:
        mx.random.normal, mx.random.uniform = own
