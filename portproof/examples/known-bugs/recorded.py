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


def filled(module, name, special=None, left=lambda key: False):
    """Gives every parameter described values. Returns the module and those.

    special: name to (scale, offset). left: names that stay as they are and are not given.
    """
    weights = {}
    for key, parameter in module.named_parameters():
        if left(key):
            continue
        shape = list(parameter.shape)
        # What scales (norms, weight norm, Snake) is around 1, what is added or mixed around 0.
        around_one = key.endswith(("original0", "weight_g", "alpha")) or ".alpha" in key
        n = int(np.prod(shape[1:])) if len(shape) > 1 else 4
        scale = 0.25 if around_one else 2.0 ** -round(np.log2(n) / 2)
        scale, offset = (special or {}).get(key, (scale, 1.0 if around_one else 0.0))
        weights[key] = Random(seed_of(f"{name} {key}"), shape, scale, offset)
        parameter.copy_(tensor(weights[key]))
    # What a checkpoint has besides: tables that the module computes for itself.
    for key, value in module.state_dict().items():
        if not left(key):
            weights.setdefault(key, value)
    return module.eval(), weights


def module_calls(component, name, make, cases):
    """Calls of a module. cases: id -> (arguments of the constructor, shape of the input)."""

    @component(name)
    def _(calls, name):
        for id, (options, shape) in cases.items():
            module, weights = filled(make(**options), f"{name} {id}")
            x = own(shape, f"{name} {id} x")
            calls.add(id, "torch", {**options, "weights": weights, "x": x}, module(tensor(x)))


@contextlib.contextmanager
def tapped(module, layout=None, compared=None, **options):
    tape = Tape(layout, compared=compared)
    with watch(module, tape, **options):
        yield tape


@contextlib.contextmanager
def drawn(name):
    """PyTorch's random draws are described arrays. Gives those, and of which kind each was."""
    noises, kinds = [], []
    own_functions = {n: getattr(torch, n) for n in ("randn", "rand", "randn_like")}

    def give(kind, shape):
        scale, offset = (0.5, 0.5) if kind == "uniform" else (1.0, 0.0)
        noises.append(own(shape, f"{name} noise {len(noises)}", scale, offset))
        kinds.append(kind)
        return tensor(noises[-1])

    def sized(kind):
        return lambda *shape, **options: give(kind, shape[0] if len(shape) == 1 else shape)

    torch.randn, torch.rand = sized("normal"), sized("uniform")
    torch.randn_like = lambda x: give("normal", x.shape)
    try:
        yield noises, kinds
    finally:
        for n, f in own_functions.items():
            setattr(torch, n, f)
