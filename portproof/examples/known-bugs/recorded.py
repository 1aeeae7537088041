# SPDX-License-Identifier: MIT
"""What the recorded calls of these models share: PyTorch modules with described weights."""

import contextlib

import numpy as np
import torch
from portproof_trace import Random, seed_of
from taps import Tape, watch

torch.set_num_threads(1)
torch.set_grad_enabled(False)


def own(shape, name, scale=1.0, offset=0.0):
    """An input of its own for a name."""
    return Random(seed_of(name), shape, scale, offset)


def tensor(x):
    return torch.from_numpy(x.value.copy())


def filled(module, name):
    """Gives every parameter described values. Returns the module and those."""
    weights = {}
    for key, parameter in module.named_parameters():
        shape = list(parameter.shape)
        # What scales (norms, weight norm, Snake) is around 1, what is added or mixed around 0.
        around_one = key.endswith(("original0", "weight_g", "alpha")) or ".alpha" in key
        n = int(np.prod(shape[1:])) if len(shape) > 1 else 4
        scale = 0.25 if around_one else 2.0 ** -round(np.log2(n) / 2)
        weights[key] = Random(seed_of(f"{name} {key}"), shape, scale, 1.0 if around_one else 0.0)
        parameter.copy_(tensor(weights[key]))
    # What a checkpoint has besides: tables that the module computes for itself.
    for key, value in module.state_dict().items():
        weights.setdefault(key, value)
    return module.eval(), weights


@contextlib.contextmanager
def tapped(module, **options):
    tape = Tape()
    with watch(module, tape, **options):
        yield tape


@contextlib.contextmanager
def drawn(*noises):
    """PyTorch's random draws give these arrays, in this order."""
    waiting = list(noises)
    names = ("randn", "rand", "randn_like")
    own_functions = {n: getattr(torch, n) for n in names}

    def give(*shape, **options):
        want = tuple(shape[0].shape) if hasattr(shape[0], "shape") else shape
        want = tuple(want[0]) if len(want) == 1 and not isinstance(want[0], int) else tuple(want)
        value = tensor(waiting.pop(0))
        assert tuple(value.shape) == want, (value.shape, want)
        return value

    for n in names:
        setattr(torch, n, give)
    try:
        yield
    finally:
        for n, f in own_functions.items():
            setattr(torch, n, f)
    assert not waiting, "fewer draws than noises"
