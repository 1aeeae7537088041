# SPDX-License-Identifier: MIT
"""Calls of kokoro, at toy size and with random weights, except for what it fixes in its code.

Noise and random phases are recorded and given to the port. The instance norms' own
weights are no part of any checkpoint (they are there for an exporter), so they stay 1 and 0.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import torch
from kokoro.istftnet import (
    AdaIN1d,
    AdainResBlk1d,
    AdaINResBlock1,
    Decoder,
    Generator,
    SineGen,
    SourceModuleHnNSF,
    TorchSTFT,
    UpSample1d,
    get_padding,
)
from kokoro.model import KModel
from kokoro.modules import (
    AdaLayerNorm,
    CustomAlbert,
    DurationEncoder,
    LinearNorm,
    ProsodyPredictor,
    TextEncoder,
)
from recorded import Random, drawn, filled, own, tapped, tensor
from transformers import AlbertConfig

component = recorder.component  # noqa: F821: given by the recorder
TORCH = "torch"
STYLE = 6


def of_exporter(key):
    return key.endswith((".norm.weight", ".norm.bias")) or key in ("norm.weight", "norm.bias")


def made(module, name, **options):
    return filled(module, name, left=of_exporter, **options)


def layout(path, which, a, _):
    """Of a recurrent layer only the outputs of all steps, and not as a packed sequence."""
    if path.rpartition(".")[2] not in ("lstm", "shared") and ".lstms." not in path:
        return a
    if a.ndim == 1 or (a.ndim == 3 and a.shape[0] == 2):
        return None  # sizes of a packed sequence; last states
    return a[None] if a.ndim == 2 and ".lstms.1" not in path and "fc" not in path else a


def compared(path, arrays):
    """Of a spectrum its parts: an angle of pi and one of -pi are the same."""
    if not path.endswith("stft.transform"):
        return None
    magnitude, phase = arrays
    return [magnitude * torch.cos(phase), magnitude * torch.sin(phase)]


@component("kokoro.istftnet.get_padding")
def _(calls, name):
    for k, d in ((3, 1), (3, 3), (7, 5), (11, 5)):
        calls.add(f"{k} {d}", TORCH, {"kernel_size": k, "dilation": d}, get_padding(k, d))


@component("kokoro.istftnet.AdaIN1d")
def _(calls, name):
    module, weights = made(AdaIN1d(STYLE, 5), name)
    x, s = own([2, 5, 9], name + "x"), own([2, STYLE], name + "s")
    calls.add("5", TORCH, {"n": 5, "weights": weights, "x": x, "s": s}, module(tensor(x), tensor(s)))


@component("kokoro.istftnet.AdaINResBlock1")
def _(calls, name):
    for kernel in (3, 7):
        options = {"channels": 5, "kernel_size": kernel, "dilation": [1, 3, 5], "style_dim": STYLE}
        module, weights = made(AdaINResBlock1(**options), f"{name} {kernel}")
        x, s = own([1, 5, 19], name + "x"), own([1, STYLE], name + "s")
        calls.add(f"kernel {kernel}", TORCH, {"options": options, "weights": weights, "x": x, "s": s},
                  module(tensor(x), tensor(s)))


@component("kokoro.istftnet.AdainResBlk1d")
def _(calls, name):
    for id, options in (
        ("plain", {"dim_in": 5, "dim_out": 5}),
        ("shortcut", {"dim_in": 5, "dim_out": 7}),
        ("upsampling", {"dim_in": 8, "dim_out": 5, "upsample": True}),
    ):
        options = {**options, "style_dim": STYLE}
        module, weights = made(AdainResBlk1d(**options), f"{name} {id}")
        x, s = own([1, options["dim_in"], 9], name + "x"), own([1, STYLE], name + "s")
        with tapped(module) as tape:
            y = module(tensor(x), tensor(s))
        calls.add(id, TORCH, {"options": options, "weights": weights, "x": x, "s": s}, y, taps=tape)


@component("kokoro.istftnet.UpSample1d")
def _(calls, name):
    x = own([1, 3, 5], name)
    for kind in ("none", True):
        calls.add(f"{kind}", TORCH, {"layer_type": kind, "x": x}, UpSample1d(kind)(tensor(x)))


@component("kokoro.istftnet.TorchSTFT")
def _(calls, name):
    options = {"filter_length": 20, "hop_length": 5, "win_length": 20}
    stft = TorchSTFT(**options)
    x = own([1, 120], name + "x")
    magnitude, phase = stft.transform(tensor(x))
    # An angle and that plus 2 pi are the same, so the parts are compared.
    calls.add("transform", TORCH, {"options": options, "x": x},
              [magnitude * torch.cos(phase), magnitude * torch.sin(phase)])
    m, p = own([1, 11, 25], name + "m", 0.5, 1.0), own([1, 11, 25], name + "p", 3.0)
    calls.add("inverse", TORCH, {"options": options, "magnitude": m, "phase": p},
              stft.inverse(tensor(m), tensor(p)))


def pitch(frames, each):
    """A rising voice with a gap, each frame repeated. [1, frames * each, 1]"""
    f0 = np.linspace(90, 260, frames).astype(np.float32)
    f0[frames // 3 : frames // 3 + 2] = 0
    return np.repeat(f0, each)[None, :, None].copy()


@component("kokoro.istftnet.SineGen")
def _(calls, name):
    for frames, each in ((8, 10), (6, 300)):
        f0 = pitch(frames, each)
        options = {"samp_rate": 24000, "upsample_scale": each, "harmonic_num": 8,
                   "voiced_threshold": 10}
        with drawn(name) as (noises, kinds):
            y = SineGen(**options)(torch.from_numpy(f0))
        calls.add(f"{frames} frames of {each}", TORCH,
                  {"options": options, "f0": f0, "noises": noises}, [*y, kinds])


@component("kokoro.istftnet.SourceModuleHnNSF")
def _(calls, name):
    options = {"sampling_rate": 24000, "upsample_scale": 10, "harmonic_num": 8, "voiced_threshod": 10}
    module, weights = made(SourceModuleHnNSF(**options), name)
    f0 = pitch(8, 10)
    with drawn(name) as (noises, _):
        y = module(torch.from_numpy(f0))
    calls.add("8", TORCH, {"options": options, "weights": weights, "f0": f0, "noises": noises}, y)


@component("kokoro.istftnet.Generator")
def _(calls, name):
    # The port takes weights whose last two sizes are equal as converted already, so the
    # first call has none like that.
    for id, channels in (("6", 20), ("equal sizes", 16)):
        options = {
            "style_dim": STYLE, "resblock_kernel_sizes": [3], "upsample_rates": [4, 2],
            "upsample_initial_channel": channels, "resblock_dilation_sizes": [[1, 3, 5]],
            "upsample_kernel_sizes": [8, 4], "gen_istft_n_fft": 8, "gen_istft_hop_size": 2,
        }
        module, weights = made(Generator(**options), f"{name} {id}")
        x, s = own([1, channels, 6], name + "x"), own([1, STYLE], name + "s")
        f0 = own([1, 6], name + "f0", 60.0, 150.0)
        methods = {f"stft.{m}": (module.stft, m) for m in ("transform", "inverse")}
        with drawn(name) as (noises, _), tapped(module, layout, compared, methods=methods) as tape:
            y = module(tensor(x), tensor(s), tensor(f0))
        calls.add(id, TORCH,
                  {"options": options, "weights": weights, "x": x, "s": s, "f0": f0, "noises": noises},
                  y, taps=tape)


@component("kokoro.modules.LinearNorm")
def _(calls, name):
    module, weights = made(LinearNorm(5, 3), name)
    x = own([2, 5], name)
    calls.add("5", TORCH, {"weights": weights, "x": x}, module(tensor(x)))


@component("kokoro.modules.TextEncoder")
def _(calls, name):
    options = {"channels": 8, "kernel_size": 5, "depth": 2, "n_symbols": 11}
    module, weights = made(TextEncoder(**options), name)
    ids = np.array([[3, 1, 7, 7, 10, 2]], np.int32)
    for id, rows, lengths in (("one", ids, [6]), ("two lengths", np.concatenate([ids, ids + 0]), [6, 4])):
        m = np.arange(6)[None] >= np.array(lengths)[:, None]
        y = module(torch.from_numpy(rows).long(), torch.tensor(lengths), torch.from_numpy(m))
        calls.add(id, TORCH, {"options": options, "weights": weights, "ids": rows, "lengths": lengths,
                              "mask": m.astype(np.int32)}, y)


@component("kokoro.modules.AdaLayerNorm")
def _(calls, name):
    module, weights = made(AdaLayerNorm(STYLE, 5), name)
    for batch in (1, 2):
        x, s = own([batch, 7, 5], f"{name}x{batch}"), own([batch, STYLE], f"{name}s{batch}")
        calls.add(f"batch of {batch}", TORCH, {"weights": weights, "x": x, "s": s},
                  module(tensor(x), tensor(s)))


@component("kokoro.modules.DurationEncoder")
def _(calls, name):
    options = {"sty_dim": STYLE, "d_model": 8, "nlayers": 2}
    module, weights = made(DurationEncoder(**options), name)
    x, s = own([1, 8, 7], name + "x"), own([1, STYLE], name + "s")
    y = module(tensor(x), tensor(s), torch.tensor([7]), torch.zeros(1, 7, dtype=torch.bool))
    calls.add("7", TORCH, {"options": options, "weights": weights, "x": x, "s": s}, y)


@component("kokoro.modules.ProsodyPredictor")
def _(calls, name):
    options = {"style_dim": STYLE, "d_hid": 16, "nlayers": 1, "max_dur": 5}
    module, weights = made(ProsodyPredictor(**options), name)
    x, s = own([1, 16 + STYLE, 9], name + "x"), own([1, STYLE], name + "s")
    with tapped(module, layout) as tape:
        y = module.F0Ntrain(tensor(x), tensor(s))
    calls.add("F0Ntrain", TORCH, {"options": options, "weights": weights, "x": x, "s": s},
              list(y), taps=tape)


PLBERT = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24,
          "max_position_embeddings": 32, "num_hidden_layers": 2, "embedding_size": 12}


@component("kokoro.modules.CustomAlbert")
def _(calls, name):
    # Large enough that two formulas of GELU differ by more than rounding.
    ffn = "encoder.albert_layer_groups.0.albert_layers.0.ffn.weight"
    module, weights = made(
        CustomAlbert(AlbertConfig(vocab_size=20, **PLBERT)), name, special={ffn: (1.0, 0.0)}
    )
    ids = np.array([[0, 3, 17, 5, 9, 0]], np.int32)
    y = module(torch.from_numpy(ids).long(), attention_mask=torch.ones(1, 6, dtype=torch.int32))
    calls.add("6", TORCH, {"config": {"vocab_size": 20, **PLBERT}, "weights": weights, "ids": ids}, y)


ISTFT = {
    "upsample_kernel_sizes": [20, 12], "upsample_rates": [10, 6], "gen_istft_hop_size": 5,
    "gen_istft_n_fft": 20, "resblock_dilation_sizes": [[1, 3, 5]], "resblock_kernel_sizes": [3],
    "upsample_initial_channel": 512,
}
CONFIG = {
    "istftnet": ISTFT, "dim_in": 64, "dropout": 0.2, "hidden_dim": 512, "max_conv_dim": 512,
    "max_dur": 3, "multispeaker": True, "n_layer": 1, "n_mels": 80, "n_token": 20,
    "style_dim": 128, "text_encoder_kernel_size": 5, "plbert": PLBERT,
    "vocab": {c: i + 1 for i, c in enumerate("abcdefgh")},
}


@component("kokoro.istftnet.Decoder")
def _(calls, name):
    options = {"dim_in": 512, "style_dim": 128, "dim_out": 80, **ISTFT}
    module, weights = made(Decoder(**options), name)
    asr, s = own([1, 512, 3], name + "asr"), own([1, 128], name + "s")
    f0, n = own([1, 6], name + "f0", 60.0, 150.0), own([1, 6], name + "n")
    with drawn(name) as (noises, _):
        y = module(*map(tensor, (asr, f0, n, s)))
    calls.add("3", TORCH, {"options": options, "weights": weights, "asr": asr, "f0": f0, "n": n, "s": s,
                           "noises": noises}, y)


@component("kokoro.model.KModel")
def _(calls, name):
    with tempfile.NamedTemporaryFile(suffix=".pth") as empty:
        torch.save({}, empty.name)
        model = KModel("none", CONFIG, empty.name)
    # Voiced everywhere: without a voice the source is noise alone.
    model, weights = made(model, name, special={"predictor.F0_proj.bias": (0.0, 180.0)})
    ref_s = own([1, 256], name + " style", 0.25)
    stft = model.decoder.generator.stft
    methods = {f"decoder.generator.stft.{m}": (stft, m) for m in ("transform", "inverse")}
    with drawn(name) as (noises, _), tapped(model, layout, compared, methods=methods) as tape:
        y = model("abba", tensor(ref_s), 1, return_output=True)
    calls.add("abba", TORCH, {"config": CONFIG, "weights": weights, "phonemes": "abba",
                              "ref_s": ref_s, "noises": noises},
              {"pred_dur": y.pred_dur.int(), "audio": y.audio}, taps=tape)
