# SPDX-License-Identifier: MIT
"""Probes of Kokoro in mlx-audio and mlx-audio-plus: how each component is built there."""

import sys
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mlx.core as mx
from mlx_audio.tts.models.kokoro import istftnet, modules
from mlx_audio.tts.models.kokoro.kokoro import Model, ModelConfig
from mlx_side import array, drawn, load, swapped

add = probes.add  # noqa: F821: given by the program


def converted(weights, prefix=""):
    """PyTorch's names and layout into the port's, by the port's own conversion."""
    decoder = types.SimpleNamespace(
        sanitize=lambda *args, **options: istftnet.Decoder.sanitize(None, *args, **options)
    )
    given = {f"{prefix}{k}": array(v) for k, v in weights.items()}
    named = Model.sanitize(types.SimpleNamespace(decoder=decoder), given)
    return {k.removeprefix(prefix): v for k, v in named.items()}


def loaded(module, call, prefix):
    return load(module, converted(call["weights"], prefix), lambda k, v: (k, v))


SWAPPED = {"conv1", "conv2", "conv1x1", "upsample", "F0_proj", "N_proj", "F0_conv", "N_conv",
           "conv_post", "f0_upsamp"}
SWAPPED_LISTS = {"convs1", "convs2", "ups", "noise_convs", "asr_res"}


def layout(path, which, a, _):
    """Convolutions are [B, T, C] here, what is around them [B, C, T]."""
    parts = path.split(".")
    last, before = parts[-1], parts[-2] if len(parts) > 1 else ""
    if last == "dropout" or last == "pool" or (last == "0" and before == "pool"):
        return None  # what pads and cuts stands elsewhere here; dropping out does nothing
    if last in ("lstm", "shared") or (before == "lstms" and int(last) % 2 == 0):
        return a[None] if which == "in" and a.ndim == 2 else a if a.ndim == 3 else None
    if last == "bert" or path == "bert":
        return None if which == "out" and a.ndim == 2 else a  # the pooled output, which nothing uses
    convolution = last in SWAPPED or before in SWAPPED_LISTS or (
        len(parts) > 2 and parts[-3] == "cnn" and last in ("0", "1"))
    return a.swapaxes(1, 2) if convolution and a.ndim == 3 else a


def compared(path, arrays):
    """Of a spectrum its parts: an angle of pi and one of -pi are the same."""
    if not path.endswith("stft.transform"):
        return None
    magnitude, phase = arrays
    return [magnitude * mx.cos(phase), magnitude * mx.sin(phase)]


add("kokoro.istftnet.get_padding", istftnet.get_padding)


@add("kokoro.istftnet.AdaIN1d")
def _(call):
    module = loaded(istftnet.AdaIN1d(call["s"].shape[1], call["n"]), call, "decoder.")
    return module(array(call["x"]), array(call["s"]))


@add("kokoro.istftnet.AdaINResBlock1")
def _(call):
    module = loaded(istftnet.AdaINResBlock1(**call["options"]), call, "decoder.")
    return module(array(call["x"]), array(call["s"]))


@add("kokoro.istftnet.AdainResBlk1d")
def _(call):
    module = loaded(istftnet.AdainResBlk1d(**call["options"]), call, "decoder.")
    with call.watch(module, layout):
        return module(array(call["x"]), array(call["s"]))


@add("kokoro.istftnet.UpSample1d")
def _(call):
    return swapped(istftnet.UpSample1d(call["layer_type"])(swapped(call["x"])))


@add("kokoro.istftnet.TorchSTFT")
def _(call):
    stft = istftnet.MLXSTFT(**call["options"])
    if "x" in call.args:
        magnitude, phase = stft.transform(array(call["x"]))
        return [magnitude * mx.cos(phase), magnitude * mx.sin(phase)]
    return stft.inverse(array(call["magnitude"]), array(call["phase"]))


@add("kokoro.istftnet.SineGen")
def _(call):
    with drawn(call["noises"]) as kinds:
        sines, uv, noise = istftnet.SineGen(**call["options"])(array(call["f0"]))
    return [sines, uv, noise, kinds]


@add("kokoro.istftnet.SourceModuleHnNSF")
def _(call):
    module = loaded(istftnet.SourceModuleHnNSF(**call["options"]), call, "decoder.")
    with drawn(call["noises"]):
        return module(array(call["f0"]))


@add("kokoro.istftnet.Generator")
def _(call):
    module = loaded(istftnet.Generator(**call["options"]), call, "decoder.")
    with drawn(call["noises"]), call.watch(
        module,
        layout,
        compared,
        extra={"m_source.l_sin_gen": module.m_source.l_sin_gen},
        methods={f"stft.{m}": (module.stft, m) for m in ("transform", "inverse")},
    ):
        return module(array(call["x"]), array(call["s"]), array(call["f0"]))


@add("kokoro.istftnet.Decoder")
def _(call):
    module = loaded(istftnet.Decoder(**call["options"]), call, "decoder.")
    with drawn(call["noises"]):
        return module(*(array(call[n]) for n in ("asr", "f0", "n", "s")))


@add("kokoro.modules.LinearNorm")
def _(call):
    return loaded(modules.LinearNorm(5, 3), call, "predictor.")(array(call["x"]))


@add("kokoro.modules.TextEncoder")
def _(call):
    module = loaded(modules.TextEncoder(**call["options"]), call, "text_encoder.")
    return module(array(call["ids"]), mx.array(call["lengths"]), array(call["mask"]).astype(mx.bool_))


@add("kokoro.modules.AdaLayerNorm")
def _(call):
    module = loaded(modules.AdaLayerNorm(call["s"].shape[1], 5), call, "predictor.")
    return module(array(call["x"]), array(call["s"]))


@add("kokoro.modules.DurationEncoder")
def _(call):
    module = loaded(modules.DurationEncoder(**call["options"]), call, "predictor.")
    length = call["x"].shape[2]
    return module(array(call["x"]), array(call["s"]), mx.array([length]),
                  mx.zeros((1, length), dtype=mx.bool_))


@add("kokoro.modules.ProsodyPredictor")
def _(call):
    module = loaded(modules.ProsodyPredictor(**call["options"]), call, "predictor.")
    with call.watch(module, layout):
        return list(module.F0Ntrain(array(call["x"]), array(call["s"])))


@add("kokoro.modules.CustomAlbert")
def _(call):
    module = modules.CustomAlbert(modules.AlbertModelArgs(**call["config"]))
    module = loaded(module, call, "bert.")
    ids = array(call["ids"])
    return module(ids, attention_mask=mx.ones(ids.shape, dtype=mx.int32))[0]


@add("kokoro.model.KModel")
def _(call):
    model = loaded(Model(ModelConfig(**call["config"])), call, "")
    generator = model.decoder.generator
    with drawn(call["noises"]), call.watch(
        model,
        layout,
        compared,
        extra={"decoder.generator.m_source.l_sin_gen": generator.m_source.l_sin_gen},
        methods={
            f"decoder.generator.stft.{m}": (generator.stft, m) for m in ("transform", "inverse")
        },
    ):
        y = model(call["phonemes"], array(call["ref_s"]), 1, return_output=True)
    return {"pred_dur": y.pred_dur, "audio": y.audio.reshape(-1)}
