# SPDX-License-Identifier: MIT
"""Calls of snac, at toy size and with random weights."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from recorded import drawn, filled, module_calls, own, tapped, tensor
from snac.attention import LocalMHA, SinusoidalEmbeddings, apply_rotary_pos_emb, rotate_half
from snac.layers import (
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    NoiseBlock,
    ResidualUnit,
    Snake1d,
    WNConv1d,
    WNConvTranspose1d,
    snake,
)
from snac.snac import SNAC
from snac.vq import ResidualVectorQuantize, VectorQuantize

component = recorder.component  # noqa: F821: given by the recorder
TORCH = "torch"
# Weight norm makes PyTorch's own classes; these are the functions that make them.
NAMES = {
    "torch.nn.modules.conv.Conv1d": "snac.layers.WNConv1d",
    "torch.nn.modules.conv.ConvTranspose1d": "snac.layers.WNConvTranspose1d",
}


module_calls(component, "snac.layers.Snake1d", Snake1d, {"6": ({"channels": 6}, [2, 6, 11])})
module_calls(
    component,
    "snac.layers.WNConv1d",
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
        "depthwise": (
            {"in_channels": 6, "out_channels": 6, "kernel_size": 7, "padding": 3, "groups": 6},
            [1, 6, 19],
        ),
        "no bias": (
            {"in_channels": 5, "out_channels": 6, "kernel_size": 1, "bias": False},
            [1, 5, 19],
        ),
    },
)
module_calls(
    component,
    "snac.layers.WNConvTranspose1d",
    WNConvTranspose1d,
    {
        f"stride {s}": (
            {
                "in_channels": 6,
                "out_channels": 4,
                "kernel_size": 2 * s,
                "stride": s,
                "padding": -(-s // 2),
                "output_padding": s % 2,
            },
            [1, 6, 9],
        )
        for s in (2, 3, 4)
    },
)
module_calls(
    component,
    "snac.layers.ResidualUnit",
    ResidualUnit,
    {
        "dilated": ({"dim": 6, "dilation": 3}, [1, 6, 21]),
        "depthwise": ({"dim": 6, "dilation": 1, "groups": 6}, [1, 6, 21]),
    },
)
module_calls(
    component,
    "snac.layers.EncoderBlock",
    EncoderBlock,
    {
        "even": ({"output_dim": 8, "stride": 2}, [1, 4, 24]),
        "odd": ({"output_dim": 8, "stride": 3, "groups": 4}, [1, 4, 24]),
    },
)
module_calls(
    component,
    "snac.layers.DecoderBlock",
    DecoderBlock,
    {
        "odd": ({"input_dim": 8, "output_dim": 4, "stride": 3, "groups": 4}, [1, 8, 9]),
        "even": ({"input_dim": 8, "output_dim": 4, "stride": 2}, [1, 8, 9]),
    },
)
module_calls(
    component,
    "snac.layers.Encoder",
    Encoder,
    {
        "plain": ({"d_model": 4, "strides": [2, 3], "attn_window_size": None}, [1, 1, 48]),
        "depthwise": (
            {"d_model": 4, "strides": [2], "depthwise": True, "attn_window_size": None},
            [1, 1, 48],
        ),
        "attention": ({"d_model": 64, "strides": [2], "attn_window_size": 4}, [1, 1, 32]),
    },
)
module_calls(
    component,
    "snac.layers.Decoder",
    Decoder,
    {
        "odd": (
            {"input_channel": 8, "channels": 8, "rates": [3], "attn_window_size": None},
            [1, 8, 9],
        ),
        "even": (
            {"input_channel": 8, "channels": 8, "rates": [2, 2], "attn_window_size": None},
            [1, 8, 9],
        ),
        "depthwise": (
            {
                "input_channel": 8, "channels": 8, "rates": [3],
                "depthwise": True, "attn_window_size": None,
            },
            [1, 8, 9],
        ),
    },
)
module_calls(
    component,
    "snac.attention.LocalMHA",
    LocalMHA,
    {
        "window": ({"dim": 128, "window_size": 4}, [1, 128, 12]),
        "no positions": (
            {"dim": 64, "window_size": 4, "use_rotary_pos_emb": False},
            [1, 64, 8],
        ),
    },
)


@component("snac.layers.snake")
def _(calls, name):
    x, alpha = own([2, 3, 7], name), own([1, 3, 1], name + " alpha", 0.5, 1.0)
    calls.add("3", TORCH, {"x": x, "alpha": alpha}, snake(tensor(x), tensor(alpha)))


@component("snac.layers.NoiseBlock")
def _(calls, name):
    module, weights = filled(NoiseBlock(6), name)
    x = own([1, 6, 20], name + " x")
    with drawn(name) as (noises, _):
        y = module(tensor(x))
    calls.add("6", TORCH, {"dim": 6, "weights": weights, "x": x, "noises": noises}, y)


@component("snac.attention.rotate_half")
def _(calls, name):
    x = own([1, 2, 3, 8], name)
    calls.add("8", TORCH, {"x": x}, rotate_half(tensor(x)))


@component("snac.attention.apply_rotary_pos_emb")
def _(calls, name):
    q, k, f = (own([1, 2, 5, 8], name + s) for s in ("q", "k", "f"))
    freqs = own([5, 8], name + "freqs", 2.0)
    for id, scale in (("one", own([1], name + "one", 0.0, 1.0)),
                      ("xpos", own([5, 8], name + "xpos", 0.25, 1.0))):
        args = {"q": q, "k": k, "freqs": freqs, "scale": scale}
        calls.add(id, TORCH, args, apply_rotary_pos_emb(*map(tensor, args.values())))


@component("snac.attention.SinusoidalEmbeddings")
def _(calls, name):
    x = own([1, 1, 1, 6, 8], name)
    for id, options in (
        ("plain", {"dim": 8}),
        ("xpos", {"dim": 8, "scale_base": 4, "use_xpos": True}),
    ):
        calls.add(id, TORCH, {**options, "x": x}, SinusoidalEmbeddings(**options)(tensor(x)))


@component("snac.vq.VectorQuantize")
def _(calls, name):
    for stride in (1, 2):
        options = {"input_dim": 6, "codebook_size": 17, "codebook_dim": 4, "stride": stride}
        module, weights = filled(VectorQuantize(**options), f"{name} {stride}")
        z = own([2, 6, 12], name + "z")
        z_q, codes = module(tensor(z))
        calls.add(f"stride {stride}", TORCH, {**options, "weights": weights, "z": z},
                  {"z_q": z_q, "codes": codes.int()})


@component("snac.vq.ResidualVectorQuantize")
def _(calls, name):
    options = {"input_dim": 6, "codebook_size": 17, "codebook_dim": 4, "vq_strides": [4, 2, 1]}
    module, weights = filled(ResidualVectorQuantize(**options), name)
    z = own([2, 6, 12], name + "z")
    z_q, codes = module(tensor(z))
    calls.add("quantize", TORCH, {**options, "weights": weights, "z": z},
              {"z_q": z_q, "codes": [c.int() for c in codes]})
    calls.add("from codes", TORCH, {**options, "weights": weights, "codes": [c.int() for c in codes]},
              {"z_q": module.from_codes(codes)})


WHOLE = {
    "sampling_rate": 24000,
    "encoder_dim": 4,
    "encoder_rates": [2, 4],
    "decoder_dim": 16,
    "decoder_rates": [4, 2],
    "attn_window_size": None,
    "codebook_size": 17,
    "codebook_dim": 4,
    "vq_strides": [2, 1],
    "noise": False,
}


@component("snac.snac.SNAC")
def _(calls, name):
    for id, options in (
        ("decode", WHOLE),
        ("decode with odd rates", {**WHOLE, "encoder_rates": [3, 5], "decoder_rates": [5, 3]}),
    ):
        module, weights = filled(SNAC(**options), f"{name} {id}")
        frames = 6
        codes = [torch.from_numpy((own([1, frames // s], f"{name} {s}").value * 8 + 8).astype("int32"))
                 for s in options["vq_strides"]]
        with tapped(module, names=NAMES) as tape:
            audio = module.decode([c.long() for c in codes])
        calls.add(id, TORCH, {"options": options, "weights": weights, "codes": codes},
                  audio, taps=tape)
    module, weights = filled(SNAC(**WHOLE), f"{name} encode")
    audio = own([1, 1, 90], name + "audio")
    with tapped(module, names=NAMES) as tape:
        codes = module.encode(tensor(audio))
    calls.add("encode", TORCH, {"options": WHOLE, "weights": weights, "audio": audio},
              [c.int() for c in codes], taps=tape)
    with tapped(module, names=NAMES) as tape:
        heard, codes = module(tensor(audio))
    calls.add("forward", TORCH, {"options": WHOLE, "weights": weights, "audio": audio, "forward": True},
              [heard, [c.int() for c in codes]], taps=tape)
