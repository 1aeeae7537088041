# SPDX-License-Identifier: MIT
"""Calls of tone that `portproof trace` records."""

from portproof_trace import Random, seed_of
from taps import Tape
from tone import model

component = recorder.component  # noqa: F821: given by the recorder
NUMPY = "numpy"
SMALL = model.Options(n_bands=5, n_state=6, n_block=2, kernel=3)


def own(name, *shape, scale=1.0, offset=0.0):
    """A random array that is described, not stored."""
    return Random(seed_of(name), list(shape), scale, offset)


def values(described):
    return {k: v.value for k, v in described.items()}


def block_weights(at, o):
    return {
        at + "conv.weight": own(at + "w", o.n_state, o.kernel, o.n_state, scale=0.3),
        at + "conv.bias": own(at + "b", o.n_state, scale=0.3),
        at + "norm.weight": own(at + "scale", o.n_state, scale=0.3, offset=1.0),
        at + "norm.bias": own(at + "shift", o.n_state, scale=0.3),
    }


def weights(o):
    w = {
        "inner.weight": own("inner w", o.n_state, o.n_bands, scale=0.5),
        "inner.bias": own("inner b", o.n_state, scale=0.5),
        "head.weight": own("head w", len(model.LABELS), o.n_state, scale=0.5),
        "head.bias": own("head b", len(model.LABELS), scale=0.5),
    }
    for i in range(o.n_block):
        w.update(block_weights(f"blocks.{i}.", o))
    return w


@component("tone.model.LABELS")
def _(calls, name):
    calls.add("all", NUMPY, {}, list(model.LABELS))


@component("tone.model.Options")
def _(calls, name):
    calls.add("defaults", NUMPY, {}, vars(model.Options()))


@component("tone.model.gelu")
def _(calls, name):
    x = own(name, 3, 7, scale=3.0)
    calls.add("3x7", NUMPY, {"x": x}, model.gelu(x.value))


@component("tone.model.softmax")
def _(calls, name):
    for scale in (1.0, 40.0):
        x = own(f"{name} {scale}", 2, 5, scale=scale)
        calls.add(f"scale {scale}", NUMPY, {"x": x}, model.softmax(x.value))


@component("tone.model.Block")
def _(calls, name):
    w = block_weights("", SMALL)
    under = {"b." + k: v.value for k, v in w.items()}
    for time in (1, 2, 9):
        x = own(f"{name} {time}", 2, time, SMALL.n_state)
        calls.add(f"{time} frames", NUMPY, {"options": vars(SMALL), "weights": w, "x": x},
                  model.Block(under, "b")(x.value))


@component("tone.model.Tone")
def _(calls, name):
    for options in (SMALL, model.Options()):
        w = weights(options)
        x = own(f"{name} {options.n_bands}", 3, 12, options.n_bands)
        tone = model.Tone(values(w), options)
        # What each block gives on the way, for `portproof bisect`.
        tape = Tape()
        plain = tone.blocks
        tone.blocks = [
            lambda x, i=i, b=b: tape.record(f"blocks.{i}", "tone.model.Block", [x], b(x))
            for i, b in enumerate(plain)
        ]
        said = tone(x.value)
        tone.blocks = plain
        args = {"options": vars(options), "weights": w, "x": x}
        calls.add(f"{options.n_state} channels", NUMPY, args, said, taps=tape)
        calls.add(f"label, {options.n_state} channels", NUMPY, {**args, "label": True},
                  tone.label(x.value))
