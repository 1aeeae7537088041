# SPDX-License-Identifier: MIT
"""Calls of descript-audio-codec, at toy size and with random weights."""

import sys
import types
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# What the model takes from audiotools: a base class that can save itself, and a type.
audiotools = types.ModuleType("audiotools")
audiotools.AudioSignal = object
audiotools.ml = types.ModuleType("audiotools.ml")
audiotools.ml.BaseModel = torch.nn.Module
sys.modules |= {"audiotools": audiotools, "audiotools.ml": audiotools.ml}

from dac.model.dac import DAC, Decoder, DecoderBlock, Encoder, EncoderBlock, ResidualUnit  # noqa: E402
from dac.nn.layers import Snake1d, WNConv1d, WNConvTranspose1d, snake  # noqa: E402
from dac.nn.quantize import ResidualVectorQuantize, VectorQuantize  # noqa: E402
from recorded import filled, module_calls, own, tapped, tensor  # noqa: E402

component = recorder.component  # noqa: F821: given by the recorder
TORCH = "torch"
NAMES = {
    "torch.nn.modules.conv.Conv1d": "dac.nn.layers.WNConv1d",
    "torch.nn.modules.conv.ConvTranspose1d": "dac.nn.layers.WNConvTranspose1d",
}


module_calls(component, "dac.nn.layers.Snake1d", Snake1d, {"6": ({"channels": 6}, [2, 6, 11])})
module_calls(
    component,
    "dac.nn.layers.WNConv1d",
    WNConv1d,
    {
        "plain": ({"in_channels": 5, "out_channels": 6, "kernel_size": 7, "padding": 3}, [2, 5, 19]),
        "stride": (
            {"in_channels": 5, "out_channels": 6, "kernel_size": 4, "stride": 2, "padding": 1},
            [1, 5, 19],
        ),
        "dilated": (
            {"in_channels": 6, "out_channels": 6, "kernel_size": 7, "dilation": 3, "padding": 9},
            [1, 6, 19],
        ),
    },
)
module_calls(
    component,
    "dac.nn.layers.WNConvTranspose1d",
    WNConvTranspose1d,
    {
        f"stride {s}": (
            {
                "in_channels": 6,
                "out_channels": 4,
                "kernel_size": 2 * s,
                "stride": s,
                "padding": -(-s // 2),
            },
            [1, 6, 9],
        )
        for s in (2, 5)
    },
)
module_calls(component, "dac.model.dac.ResidualUnit", ResidualUnit, {"dilated": ({"dim": 6, "dilation": 3}, [1, 6, 21])})
module_calls(
    component,
    "dac.model.dac.EncoderBlock",
    EncoderBlock,
    {"even": ({"dim": 8, "stride": 2}, [1, 4, 24]), "odd": ({"dim": 8, "stride": 5}, [1, 4, 25])},
)
module_calls(
    component,
    "dac.model.dac.DecoderBlock",
    DecoderBlock,
    {
        "even": ({"input_dim": 8, "output_dim": 4, "stride": 2}, [1, 8, 9]),
        "odd": ({"input_dim": 8, "output_dim": 4, "stride": 5}, [1, 8, 9]),
    },
)
module_calls(
    component,
    "dac.model.dac.Encoder",
    Encoder,
    {"2": ({"d_model": 4, "strides": [2, 3], "d_latent": 6}, [1, 1, 48])},
)
module_calls(
    component,
    "dac.model.dac.Decoder",
    Decoder,
    {"2": ({"input_channel": 8, "channels": 8, "rates": [3, 2]}, [1, 8, 9])},
)


@component("dac.nn.layers.snake")
def _(calls, name):
    # The original keeps channels in the middle; the port says the same of the last axis.
    x, alpha = own([2, 3, 7], name), own([1, 3, 1], name + " alpha", 0.5, 1.0)
    calls.add("3", TORCH, {"x": x, "alpha": alpha}, snake(tensor(x), tensor(alpha)))


SIZES = {"codebook_size": 17, "codebook_dim": 4}


@component("dac.nn.quantize.VectorQuantize")
def _(calls, name):
    options = {"input_dim": 6, **SIZES}
    module, weights = filled(VectorQuantize(**options), name)
    z = own([2, 6, 12], name + "z")
    y = module(tensor(z))
    calls.add("12", TORCH, {**options, "weights": weights, "z": z}, [*y[:3], y[3].int(), y[4]])


@component("dac.nn.quantize.ResidualVectorQuantize")
def _(calls, name):
    options = {"input_dim": 6, "n_codebooks": 3, **SIZES}
    module, weights = filled(ResidualVectorQuantize(**options), name)
    z = own([2, 6, 12], name + "z")
    for n in (None, 2):
        y = module(tensor(z), n)
        calls.add(f"{n} quantizers", TORCH, {**options, "weights": weights, "z": z, "n_quantizers": n},
                  [y[0], y[1].int(), *y[2:]])
    codes, latents = y[1], y[2]
    z_q, z_p, _ = module.from_codes(codes)
    calls.add("from codes", TORCH, {**options, "weights": weights, "codes": codes.int()}, [z_q, z_p])
    z_q, z_p, codes = module.from_latents(latents)
    calls.add("from latents", TORCH, {**options, "weights": weights, "latents": latents},
              [z_q, z_p, codes.int()])


WHOLE = {
    "encoder_dim": 4,
    "encoder_rates": [2, 5],
    "decoder_dim": 16,
    "decoder_rates": [5, 2],
    "n_codebooks": 2,
    **SIZES,
}


@component("dac.model.dac.DAC")
def _(calls, name):
    module, weights = filled(DAC(**WHOLE), name)
    z = own([1, 16, 6], name + " z")
    with tapped(module, names=NAMES) as tape:
        audio = module.decode(tensor(z))
    calls.add("decode", TORCH, {"options": WHOLE, "weights": weights, "z": z}, audio, taps=tape)
    heard = own([1, 1, 60], name + " audio")
    with tapped(module, names=NAMES) as tape:
        z, codes, latents, _, _ = module.encode(tensor(heard))
    calls.add("encode", TORCH, {"options": WHOLE, "weights": weights, "audio": heard},
              [z, codes.int(), latents], taps=tape)
    import inspect

    given = inspect.signature(DAC.__init__).parameters
    calls.add("defaults", TORCH, {},
              {k: p.default for k, p in given.items() if k not in ("self", "quantizer_dropout")})
