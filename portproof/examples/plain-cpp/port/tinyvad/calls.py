# SPDX-License-Identifier: MIT
"""Calls of tinyvad that `portproof trace` records."""

import numpy as np
from portproof_trace import Random, attempt, seed_of
from taps import Tape
from tinyvad import filters, model

component = recorder.component  # noqa: F821: given by the recorder
NUMPY = "numpy"
H = 5


def own(shape, name, scale=1.0, offset=0.0):
    return Random(seed_of(name), shape, scale, offset)


def weights(name):
    return {
        "cell.w": own([3 * H, filters.BANDS], name + " w", 0.5),
        "cell.u": own([3 * H, H], name + " u", 0.5),
        "cell.b": own([3 * H], name + " b", 0.5),
        "out": own([H], name + " out", 2.0),
    }


def values(described):
    return {k: v.value for k, v in described.items()}


@component("tinyvad.filters")
def _(calls, name):
    names = ("RATE", "FRAME", "HOP", "BANDS", "FLOOR")
    calls.add("constants", NUMPY, {}, {n: getattr(filters, n) for n in names})


@component("tinyvad.filters.EDGES")
def _(calls, name):
    calls.add("all", NUMPY, {}, filters.EDGES)


@component("tinyvad.filters.window")
def _(calls, name):
    for n in (8, 64):
        calls.add(f"{n}", NUMPY, {"n": n}, filters.window(n))


@component("tinyvad.filters.filter_bank")
def _(calls, name):
    calls.add("default", NUMPY, {}, filters.filter_bank())
    calls.add("128 at 16000", NUMPY, {"n_fft": 128, "rate": 16000}, filters.filter_bank(128, 16000))


@component("tinyvad.filters.frames")
def _(calls, name):
    for n in (1, 64, 65, 96, 200):
        x = own([n], f"{name} {n}")
        calls.add(f"{n}", NUMPY, {"samples": x}, filters.frames(x.value))
    calls.add("none", NUMPY, {"samples": np.zeros(0, np.float32)},
              attempt(lambda: filters.frames(np.zeros(0, np.float32))))


@component("tinyvad.filters.energies")
def _(calls, name):
    for id, scale in (("noise", 1.0), ("quiet", 2.0**-14)):
        x = own([300], f"{name} {id}", scale)
        calls.add(id, NUMPY, {"samples": x}, filters.energies(x.value))


@component("tinyvad.model.sigmoid")
def _(calls, name):
    x = own([9], name, 4.0)
    calls.add("9", NUMPY, {"x": x}, model.sigmoid(x.value))


@component("tinyvad.model.Cell")
def _(calls, name):
    w = weights(name)
    x, h = own([filters.BANDS], name + " x"), own([H], name + " h")
    calls.add("step", NUMPY, {"weights": w, "x": x, "h": h}, model.Cell(values(w))(x.value, h.value))


@component("tinyvad.model.Options")
def _(calls, name):
    calls.add("defaults", NUMPY, {}, vars(model.Options()))


@component("tinyvad.model.Vad")
def _(calls, name):
    w = weights(name)
    x = own([640], name + " x")
    vad = model.Vad(values(w))
    # Along the way: the energies, then each step of the cell.
    tape = Tape()
    energies, step = model.energies, vad.cell.__call__
    model.energies = lambda samples: tape.record(
        "energies", "tinyvad.filters.energies", [samples], energies(samples))
    own_cell = vad.cell
    vad.cell = lambda x, h: tape.record("cell", "tinyvad.model.Cell", [x, h], step(x, h))
    try:
        said = vad.probabilities(x.value)
    finally:
        model.energies, vad.cell = energies, own_cell
    calls.add("probabilities", NUMPY, {"weights": w, "samples": x}, said, taps=tape)
    for threshold, hangover in ((0.5, 2), (0.4, 0)):
        voiced = vad(x.value, model.Options(threshold, hangover))
        calls.add(f"voiced {threshold} {hangover}", NUMPY,
                  {"weights": w, "samples": x, "threshold": threshold, "hangover": hangover}, voiced)
