# SPDX-License-Identifier: MIT
"""Probes of mlx-audio-plus's DAC: how each component is built and called there."""

import inspect
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mlx_audio.codec.models.descript.dac import (
    DAC,
    Decoder,
    DecoderBlock,
    Encoder,
    EncoderBlock,
    ResidualUnit,
)
from mlx_audio.codec.models.descript.nn.layers import Snake1d, WNConv1d, WNConvTranspose1d, snake
from mlx_audio.codec.models.descript.nn.quantize import ResidualVectorQuantize, VectorQuantize
from mlx_side import array, load, swapped

add = probes.add  # noqa: F821: given by the program


def renamed(transposed):
    """PyTorch's names and layout into the port's.

    transposed: paths of modules that are transposed convolutions, whose weights are
    [in, out, K] there and [out, K, in] here; the others' [out, in, K] and [out, K, in].
    """

    def rename(name, value):
        path, _, last = name.rpartition(".")
        if last in ("weight_g", "weight_v"):
            value = value.transpose(1, 2, 0) if transposed(path) else value.swapaxes(1, 2)
        if last == "alpha":
            value = value.swapaxes(1, 2)
        parts, out = name.split("."), []
        for part in parts:
            if part.isdigit() and out and out[-1] in ("block", "model"):
                out.append("layers")
            out.append(part)
        return ".".join(out), value

    return rename


PLAIN = renamed(lambda path: False)
TRANSPOSED = renamed(lambda path: True)


def in_decoder(path):
    """`model.N.block.1` of a decoder is its transposed convolution."""
    parts = path.removeprefix("decoder.").split(".")
    return len(parts) == 4 and parts[0] == "model" and parts[2:] == ["block", "1"]


def layered(component, make, names, taken=swapped, rename=PLAIN):
    @add(component)
    def _(call):
        module = load(make(**{n: call[n] for n in names if n in call.args}), call["weights"], rename)
        return taken(module(swapped(call["x"])))


CONV = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation")
layered("dac.nn.layers.Snake1d", Snake1d, ("channels",))
layered("dac.nn.layers.WNConv1d", WNConv1d, CONV)
layered("dac.nn.layers.WNConvTranspose1d", WNConvTranspose1d, CONV, rename=TRANSPOSED)
layered("dac.model.dac.ResidualUnit", ResidualUnit, ("dim", "dilation"))
layered("dac.model.dac.EncoderBlock", EncoderBlock, ("dim", "stride"))
layered("dac.model.dac.DecoderBlock", DecoderBlock, ("input_dim", "output_dim", "stride"),
        rename=renamed(lambda path: path == "block.1"))
# The encoder turns its result to [B, C, T] itself.
layered("dac.model.dac.Encoder", Encoder, ("d_model", "strides", "d_latent"), taken=array)
layered("dac.model.dac.Decoder", Decoder, ("input_channel", "channels", "rates"),
        rename=renamed(in_decoder))
add("dac.nn.layers.snake", lambda x, alpha: swapped(snake(swapped(x), swapped(alpha))))

VQ = ("input_dim", "n_codebooks", "codebook_size", "codebook_dim")


@add("dac.nn.quantize.VectorQuantize")
def _(call):
    module = load(VectorQuantize(*(call[n] for n in VQ if n in call.args)), call["weights"], PLAIN)
    return module(array(call["z"]))


@add("dac.nn.quantize.ResidualVectorQuantize")
def _(call):
    module = load(ResidualVectorQuantize(*(call[n] for n in VQ)), call["weights"], PLAIN)
    if "codes" in call.args:
        return module.from_codes(array(call["codes"]))[:2]
    if "latents" in call.args:
        return module.from_latents(array(call["latents"]))
    return module(array(call["z"]), call["n_quantizers"])


def layout(path, which, a, _):
    """Layers are [B, T, C] here; the quantizers' own interface is [B, C, T]."""
    inner = path.endswith(("in_proj", "out_proj"))
    turned = path.partition(".")[0] in ("encoder", "decoder") or inner
    plain = path == "encoder" and which == "out"
    return a.swapaxes(1, 2) if turned and not plain and a.ndim == 3 else a


@add("dac.model.dac.DAC")
def _(call):
    if not call.args:
        given = inspect.signature(DAC.__init__).parameters
        return {k: p.default for k, p in given.items() if k not in ("self", "kwargs")}
    module = load(DAC(**call["options"]), call["weights"], renamed(in_decoder))
    with call.watch(module, layout, rename=lambda path: path.replace(".layers", "")):
        if "z" in call.args:
            return swapped(module.decode(array(call["z"])))
        return module.encode(array(call["audio"]))[:3]
