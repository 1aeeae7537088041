# SPDX-License-Identifier: MIT
"""Probes of mlx-audio's SNAC: how each component is built and called there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mlx_audio.codec.models.snac.attention import (
    LocalMHA,
    SinusoidalEmbeddings,
    apply_rotary_pos_emb,
    rotate_half,
)
from mlx_audio.codec.models.snac.layers import (
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
from mlx_audio.codec.models.snac.snac import SNAC
from mlx_audio.codec.models.snac.vq import ResidualVectorQuantize, VectorQuantize
from mlx_side import array, drawn, load, swapped

add = probes.add  # noqa: F821: given by the program


def renamed(name, value):
    """PyTorch's names and layout into the port's."""
    last = {"original0": "weight_g", "original1": "weight_v"}
    if ".parametrizations." in f".{name}":
        head, _, tail = f".{name}".partition(".parametrizations.weight.")
        # [out, in, K] or, transposed, [in, out, K]: both have K in the middle here.
        return f"{head}.{last[tail]}".removeprefix("."), value.swapaxes(1, 2)
    return name, value


def nested(name, value):
    """The same below MLX's Sequential, which calls its list `layers`."""
    name, value = renamed(name, value)
    parts, out = name.split("."), []
    for i, part in enumerate(parts):
        if part.isdigit() and out and out[-1] in ("block", "model"):
            out.append("layers")
        out.append(part)
    return ".".join(out), value


def options_of(call, *names):
    return {n: call[n] for n in names if n in call.args}


def layered(component, make, names, given=swapped, taken=swapped, rename=nested):
    @add(component)
    def _(call):
        module = load(make(**options_of(call, *names)), call["weights"], rename)
        return taken(module(given(call["x"])))


CONV = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups")
layered("snac.layers.Snake1d", Snake1d, ("channels",))
layered("snac.layers.WNConv1d", WNConv1d, (*CONV, "bias"), rename=renamed)
layered("snac.layers.WNConvTranspose1d", WNConvTranspose1d, (*CONV, "output_padding"), rename=renamed)
layered("snac.layers.ResidualUnit", ResidualUnit, ("dim", "dilation", "groups"))
layered("snac.layers.EncoderBlock", EncoderBlock, ("output_dim", "stride", "groups"))
layered("snac.layers.DecoderBlock", DecoderBlock, ("input_dim", "output_dim", "stride", "groups"))
# The encoder turns its result to [B, C, T] itself.
layered("snac.layers.Encoder", Encoder, ("d_model", "strides", "depthwise", "attn_window_size"), taken=array)
layered("snac.layers.Decoder", Decoder,
        ("input_channel", "channels", "rates", "depthwise", "attn_window_size"))
layered("snac.attention.LocalMHA", LocalMHA, ("dim", "window_size", "use_rotary_pos_emb"),
        given=array, taken=array, rename=lambda n, v: (n, v))
add("snac.layers.snake", lambda x, alpha: snake(array(x), array(alpha)))
add("snac.attention.rotate_half", lambda x: rotate_half(array(x)))
add("snac.attention.apply_rotary_pos_emb",
    lambda q, k, freqs, scale: apply_rotary_pos_emb(*map(array, (q, k, freqs, scale))))


@add("snac.layers.NoiseBlock")
def _(call):
    module = load(NoiseBlock(call["dim"]), call["weights"], renamed)
    with drawn(call["noises"]):
        return swapped(module(swapped(call["x"])))


@add("snac.attention.SinusoidalEmbeddings")
def _(call):
    return SinusoidalEmbeddings(**options_of(call, "dim", "scale_base", "use_xpos"))(array(call["x"]))


VQ = ("input_dim", "codebook_size", "codebook_dim")


@add("snac.vq.VectorQuantize")
def _(call):
    module = load(VectorQuantize(**options_of(call, *VQ, "stride")), call["weights"], renamed)
    z_q, codes = module(array(call["z"]))
    return {"z_q": z_q, "codes": codes}


@add("snac.vq.ResidualVectorQuantize")
def _(call):
    module = load(ResidualVectorQuantize(**options_of(call, *VQ, "vq_strides")), call["weights"], renamed)
    if "codes" in call.args:
        return {"z_q": module.from_codes([array(c) for c in call["codes"]])}
    z_q, codes = module(array(call["z"]))
    return {"z_q": z_q, "codes": codes}


def layout(path, which, a, _):
    """Layers are [B, T, C] here; the quantizers' own interface is [B, C, T]."""
    first, _, rest = path.partition(".")
    inner = rest.endswith(("in_proj", "out_proj"))
    plain = path == "model" or (path == "encoder" and which == "out")
    turned = first in ("encoder", "decoder") or inner
    return a.swapaxes(1, 2) if turned and not plain and a.ndim == 3 else a


@add("snac.snac.SNAC")
def _(call):
    module = load(SNAC(**call["options"]), call["weights"], nested)
    with call.watch(module, layout, rename=lambda path: path.replace(".layers", "")):
        if "codes" in call.args:
            return swapped(module.decode([array(c) for c in call["codes"]]))
        if call.get("forward"):
            return module(array(call["audio"]))
        return module.encode(array(call["audio"]))
