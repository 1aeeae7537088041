# SPDX-License-Identifier: MIT
"""The calls of Whisper's references that `portproof trace` records.

Numbers of modules come from mlx-audio on MLX (they must be met exactly) and,
for whole models, from openai-whisper as well; decisions, tables and texts come
from openai-whisper, which decides where the two differ.
"""

import dataclasses
import io
import os
import struct
import sys
import tempfile

import mlx.core as mx
import mlx.nn as mnn
import numpy as np
import torch
from mlx.utils import tree_flatten
from mlx_audio import dsp
from mlx_audio.stt.models.whisper import audio as ma_audio
from mlx_audio.stt.models.whisper import whisper as ma
from portproof_trace import Near, Random, attempt, seed_of

import whisper
import whisper.transcribe  # noqa: F401: a function of this name hides the module
from whisper import audio, decoding, model, tokenizer, utils

transcribe_module = sys.modules["whisper.transcribe"]

component = recorder.component  # noqa: F821: given by the recorder

mx.set_default_device(mx.cpu)
torch.set_num_threads(1)
torch.set_grad_enabled(False)

MLX = "mlx"
TORCH = "torch"


def own(shape, name, scale=1.0):
    """A random input, another for each name."""
    return Random(seed_of(name), shape, scale)


def arr(value):
    return mx.array(value.value.astype(np.float32) if isinstance(value, Random) else value)


def ten(value):
    return torch.from_numpy(np.array(value.value.astype(np.float32)))


# --- weights ------------------------------------------------------------------------


def weights_of(module, name, gain=1.0):
    """Random weights in f16, as checkpoints have them, under MLX's names."""
    found = {}
    for path, value in tree_flatten(module.parameters()):
        fan_in = int(np.prod(value.shape[1:])) if value.ndim > 1 else 1
        scale, offset = 2.0 ** -round(np.log2(fan_in) / 2), 0.0
        if path.endswith("bias"):
            scale = 0.25
        elif "ln" in path.split(".")[-2 if "." in path else 0] and path.endswith("weight"):
            scale, offset = 0.25, 1.0
        elif path.endswith("token_embedding.weight"):
            scale = 0.5
        elif path.endswith("positional_embedding"):
            scale = 0.5 * gain  # else the same token wins at every place
        if path == "decoder.ln.weight" or path == "ln.weight":
            scale, offset = 0.25 * gain, gain
        found[path] = Random(seed_of(f"{name}/{path}"), value.shape, scale, offset, "F16")
    return found


def load_mlx(module, weights):
    module.load_weights([(k, arr(w)) for k, w in weights.items()], strict=True)
    return module


def torch_name(path):
    return path.replace(".mlp1.", ".mlp.0.").replace(".mlp2.", ".mlp.2.")


def load_torch(module, weights):
    state = {}
    for path, w in weights.items():
        value = ten(w)
        if path.endswith(("conv1.weight", "conv2.weight")):
            value = value.permute(0, 2, 1).contiguous()
        state[torch_name("." + path)[1:]] = value
    missing, unexpected = module.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    # The encoder's table is computed when it is not in the checkpoint.
    assert all(m.endswith("positional_embedding") for m in missing), missing
    return module.eval()


# --- model.py -----------------------------------------------------------------------


@component("whisper.model.LayerNorm")
def _(calls, name):
    for n in (8, 64, 100):
        m = mnn.LayerNorm(n)
        w = {
            "weight": Random(seed_of(f"{name}{n}w"), [n], 0.25, 1.0, "F16"),
            "bias": Random(seed_of(f"{name}{n}b"), [n], 0.25, 0.0, "F16"),
        }
        load_mlx(m, w)
        x = own([2, 3, n], f"{name}{n}", 4.0)
        calls.add(f"mlx-{n}", MLX, {"weights": w, "n_state": n, "x": x}, m(arr(x)))
        t = model.LayerNorm(n)
        t.load_state_dict({k: ten(v) for k, v in w.items()})
        calls.add(f"torch-{n}", TORCH, {"weights": w, "n_state": n, "x": x}, t(ten(x)))
    x = Random(1, [1, 2, 8], 2.0**-12, 3.0)  # nearly constant: eps decides
    w = {"weight": Random(2, [8], 0.25, 1.0, "F16"), "bias": Random(3, [8], 0.25, 0.0, "F16")}
    m = load_mlx(mnn.LayerNorm(8), w)
    calls.add("mlx-constant", MLX, {"weights": w, "n_state": 8, "x": x}, m(arr(x)))


@component("whisper.model.Linear")
def _(calls, name):
    for n_in, n_out, bias, t in ((64, 64, True, 5), (64, 256, True, 1), (96, 33, False, 7)):
        id = f"{n_in}x{n_out}-{t}"
        m = mnn.Linear(n_in, n_out, bias=bias)
        w = weights_of(m, name + id)
        load_mlx(m, w)
        x = own([2, t, n_in], name + id)
        args = {"weights": w, "n_in": n_in, "n_out": n_out, "bias": bias, "x": x}
        calls.add("mlx-" + id, MLX, args, m(arr(x)))
        tm = model.Linear(n_in, n_out, bias=bias)
        tm.load_state_dict({k: ten(v) for k, v in w.items()})
        calls.add("torch-" + id, TORCH, args, tm(ten(x)))


@component("whisper.model.Conv1d")
def _(calls, name):
    for n_in, n_out, stride, t in ((80, 64, 1, 12), (64, 64, 2, 12), (64, 64, 2, 13)):
        id = f"{n_in}-{stride}-{t}"
        m = mnn.Conv1d(n_in, n_out, kernel_size=3, stride=stride, padding=1)
        w = weights_of(m, name + id)
        load_mlx(m, w)
        x = own([2, t, n_in], name + id)
        args = {"weights": w, "n_in": n_in, "n_out": n_out, "stride": stride, "x": x}
        calls.add("mlx-" + id, MLX, args, m(arr(x)))
        tm = model.Conv1d(n_in, n_out, kernel_size=3, stride=stride, padding=1)
        tm.load_state_dict(
            {"weight": ten(w["weight"]).permute(0, 2, 1).contiguous(), "bias": ten(w["bias"])}
        )
        calls.add("torch-" + id, TORCH, args, tm(ten(x).permute(0, 2, 1)).permute(0, 2, 1))


@component("mlx.nn.layers.embedding.Embedding")
def _(calls, name):
    m = mnn.Embedding(50, 64)
    w = weights_of(m, name)
    load_mlx(m, w)
    x = own([1, 3, 64], name)
    ids = np.array([[0, 49, 7, 7]], np.int32)
    args = {"weights": w, "n_vocab": 50, "n_state": 64, "tokens": ids, "x": x}
    calls.add("both-ways", MLX, args, {"y": m(mx.array(ids)), "logits": m.as_linear(arr(x))})


@component("mlx.nn.layers.activations.gelu")
def _(calls, name):
    for scale in (1.0, 8.0):
        x = own([3, 100], f"{name}{scale}", scale)
        calls.add(f"scale-{scale}", MLX, {"x": x}, mnn.gelu(arr(x)))


@component("mlx.nn.layers.transformer.MultiHeadAttention.create_additive_causal_mask")
def _(calls, name):
    q, k, v = (own([1, 6, 8], name + n) for n in "qkv")
    mask = mnn.MultiHeadAttention.create_additive_causal_mask(6)
    weights = mx.softmax(arr(q) @ arr(k).transpose(0, 2, 1) + mask, axis=-1, precise=True)
    calls.add("attention", MLX, {"q": q, "k": k, "v": v}, weights @ arr(v))


@component("whisper.model.sinusoids")
def _(calls, name):
    for length, channels in ((12, 64), (1500, 384), (1, 4)):
        args = {"length": length, "channels": channels}
        calls.add(f"mlx-{length}x{channels}", MLX, args, ma.sinusoids(length, channels))
        calls.add(f"torch-{length}x{channels}", TORCH, args, model.sinusoids(length, channels))
    args = {"length": 5, "channels": 8, "max_timescale": 100}
    calls.add("timescale", MLX, args, ma.sinusoids(5, 8, 100))
    odd = {"length": 5, "channels": 7}
    calls.add("odd", TORCH, odd, attempt(lambda: model.sinusoids(5, 7)))


CAUSAL = mnn.MultiHeadAttention.create_additive_causal_mask


@component("whisper.model.MultiHeadAttention")
def _(calls, name):
    for n_state, n_head in ((128, 2), (64, 4)):
        m = ma.MultiHeadAttention(n_state, n_head)
        w = weights_of(m, f"{name}{n_state}")
        load_mlx(m, w)
        base = {"weights": w, "n_state": n_state, "n_head": n_head}

        def add(id, t, mask=False, xa=None, cache=None, batch=2, qk=False):
            x = own([batch, t, n_state], f"{name}{n_state}{id}")
            args = {**base, "x": x, "mask": mask}
            given = None
            if xa is not None:
                args["xa"] = xa
            if cache:
                keys = [own([batch, cache, n_state], f"{name}{n_state}{id}{n}") for n in "kv"]
                args["kv_cache_k"], args["kv_cache_v"] = keys
                given = tuple(arr(k) for k in keys)
            y, kv, scores = m(
                arr(x),
                None if xa is None else arr(xa),
                CAUSAL(t) if mask else None,
                given,
            )
            result = {"x": y, "kv_cache": list(kv)}
            if qk:
                args["with_qk"] = True
                result["qk"] = scores
            calls.add(f"mlx-{n_state}-{id}", MLX, args, result)

        xa = own([2, 11, n_state], f"{name}{n_state}xa")
        add("self", 7)
        add("causal", 9, mask=True)
        add("one", 1, mask=True)
        add("step", 1, mask=True, cache=5)
        add("cross", 3, xa=xa, qk=True)
        add("cross-cached", 1, xa=xa, cache=11)
        add("long", 70, batch=1)


@component("whisper.model.ResidualAttentionBlock")
def _(calls, name):
    for cross in (False, True):
        m = ma.ResidualAttentionBlock(128, 2, cross_attention=cross)
        w = weights_of(m, f"{name}{cross}")
        load_mlx(m, w)
        base = {"weights": w, "n_state": 128, "n_head": 2, "cross_attention": cross}
        xa = own([2, 13, 128], name + "xa")
        t_block = model.ResidualAttentionBlock(128, 2, cross_attention=cross)
        state = {torch_name("." + k)[1:]: ten(v) for k, v in w.items()}
        t_block.load_state_dict(state)
        for id, t, mask, cached in (
            ("plain", 6, False, 0),
            ("causal", 6, True, 0),
            ("step", 1, True, 4),
        ):
            x = own([2, t, 128], f"{name}{cross}{id}")
            args = {**base, "x": x, "mask": mask}
            given = None
            if cross:
                args["xa"] = xa
            if cached:
                own_kv = [own([2, cached, 128], f"{name}{cross}{id}{n}") for n in "kv"]
                args["self_k"], args["self_v"] = own_kv
                given = (tuple(arr(k) for k in own_kv), None)
            y, (kv, cross_kv), _ = m(
                arr(x),
                arr(xa) if cross else None,
                CAUSAL(t) if mask else None,
                given,
            )
            result = {"x": y, "self": list(kv)}
            if cross:
                result["cross"] = list(cross_kv)
            calls.add(f"mlx-{'cross' if cross else 'self'}-{id}", MLX, args, result)


def toy(**changes):
    dims = {
        "n_mels": 80,
        "n_audio_ctx": 24,
        "n_audio_state": 128,
        "n_audio_head": 2,
        "n_audio_layer": 2,
        "n_vocab": 203,
        "n_text_ctx": 16,
        "n_text_state": 128,
        "n_text_head": 2,
        "n_text_layer": 2,
    }
    return {**dims, **changes}


def both_models(dims, name, gain=1.0):
    """The same random model on MLX and PyTorch."""
    m = ma.Model(ma.ModelDimensions(**dims), dtype=mx.float32)
    w = weights_of(m, name, gain)
    load_mlx(m, w)
    t = load_torch(model.Whisper(model.ModelDimensions(**dims)), w)
    return m, t, w


@component("whisper.model.AudioEncoder")
def _(calls, name):
    for id, dims in (
        ("a", toy()),
        ("b", toy(n_mels=128, n_audio_state=64, n_audio_head=4, n_text_state=64, n_text_head=4)),
    ):
        m, t, w = both_models(dims, name + id)
        w = {k.removeprefix("encoder."): v for k, v in w.items() if k.startswith("encoder.")}
        x = own([2, 48, dims["n_mels"]], name + id)
        args = {"weights": w, "dims": dims, "x": x}
        calls.add(f"mlx-{id}", MLX, args, m.encoder(arr(x)))
        calls.add(f"torch-{id}", TORCH, args, t.encoder(ten(x).permute(0, 2, 1)))
    # A checkpoint that has the position table: it is read, not computed.
    table = Random(77, [24, 64], 0.5, 0.0, "F16")
    t.encoder.positional_embedding.copy_(ten(table))
    args = {"weights": {**w, "positional_embedding": table}, "dims": dims, "x": x}
    calls.add("torch-table", TORCH, args, t.encoder(ten(x).permute(0, 2, 1)))
    short = own([1, 40, dims["n_mels"]], name + "short")
    args = {"weights": w, "dims": dims, "x": short}
    raised = attempt(lambda: t.encoder(ten(short).permute(0, 2, 1)))
    calls.add("wrong-length", TORCH, args, raised)


@component("whisper.model.TextDecoder")
def _(calls, name):
    dims = toy()
    m, t, w = both_models(dims, name)
    w = {k.removeprefix("decoder."): v for k, v in w.items() if k.startswith("decoder.")}
    xa = own([2, 24, 128], name + "xa")
    steps = [[[1, 2, 3, 4], [9, 8, 7, 202]], [[5], [6]], [[0], [201]], [[11], [11]]]
    base = {"weights": w, "dims": dims, "xa": xa}

    whole = {**base, "cached": False, "steps": steps[:1]}
    logits = m.decoder(mx.array(steps[0]), arr(xa))[0]
    calls.add("mlx-whole", MLX, whole, [logits])
    calls.add("torch-whole", TORCH, whole, [t.decoder(torch.tensor(steps[0]), ten(xa))])

    kv, outs = None, []
    for step in steps:
        y, kv, _ = m.decoder(mx.array(step), arr(xa), kv_cache=kv)
        outs.append(mx.array(y))
    stepped = {**base, "cached": True, "steps": steps}
    calls.add("mlx-steps", MLX, stepped, outs)

    cache, hooks = t.install_kv_cache_hooks()
    outs = [t.decoder(torch.tensor(step), ten(xa), kv_cache=cache) for step in steps]
    for hook in hooks:
        hook.remove()
    calls.add("torch-steps", TORCH, stepped, outs)


@component("whisper.model.Whisper")
def _(calls, name):
    dims = toy()
    m, t, w = both_models(dims, name)
    mel = own([2, 48, 80], name)
    tokens = [[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]]
    args = {"weights": w, "dims": dims, "mel": mel, "tokens": tokens}
    features = m.embed_audio(arr(mel))
    result = {
        "features": features,
        "logits": m.logits(mx.array(tokens), features),
        "whole": m(arr(mel), mx.array(tokens)),
        "is_multilingual": bool(m.is_multilingual),
        "num_languages": int(m.num_languages),
    }
    calls.add("mlx", MLX, args, result)
    features = t.embed_audio(ten(mel).permute(0, 2, 1))
    result = {
        "features": features,
        "logits": t.logits(torch.tensor(tokens), features),
        "whole": t(ten(mel).permute(0, 2, 1), torch.tensor(tokens)),
        "is_multilingual": bool(t.is_multilingual),
        "num_languages": int(t.num_languages),
    }
    calls.add("torch", TORCH, args, result)


@component("whisper.model.ModelDimensions")
def _(calls, name):
    for id, n_vocab in (("en", 51864), ("multilingual", 51865), ("large-v3", 51866)):
        dims = toy(n_vocab=n_vocab, n_audio_state=64, n_text_state=64)
        t = model.Whisper(model.ModelDimensions(**dims))
        result = {
            "dims": dataclasses.asdict(t.dims),
            "is_multilingual": bool(t.is_multilingual),
            "num_languages": int(t.num_languages),
        }
        calls.add(id, TORCH, {"dims": dims}, result)


@component("mlx_audio.stt.models.whisper.whisper.ModelDimensions.from_dict")
def _(calls, name):
    mlx_form = {**toy(), "model_type": "whisper"}
    transformers_form = {
        "num_mel_bins": 128,
        "max_source_positions": 1500,
        "d_model": 1280,
        "encoder_attention_heads": 20,
        "encoder_layers": 32,
        "vocab_size": 51866,
        "max_target_positions": 448,
        "decoder_attention_heads": 20,
        "decoder_layers": 4,
        "model_type": "whisper",
    }
    for id, config in (("mlx", mlx_form), ("transformers", transformers_form)):
        result = dataclasses.asdict(ma.ModelDimensions.from_dict(config))
        calls.add(id, MLX, {"config": config}, result)


def hf_name(path):
    """The name that Transformers gives one of MLX's parameters."""
    table = [
        ("decoder.positional_embedding", "decoder.embed_positions.weight"),
        ("decoder.token_embedding.", "decoder.embed_tokens."),
        ("encoder.ln_post.", "encoder.layer_norm."),
        ("decoder.ln.", "decoder.layer_norm."),
        (".blocks.", ".layers."),
        (".cross_attn_ln.", ".encoder_attn_layer_norm."),
        (".attn_ln.", ".self_attn_layer_norm."),
        (".mlp_ln.", ".final_layer_norm."),
        (".mlp1.", ".fc1."),
        (".mlp2.", ".fc2."),
        (".cross_attn.", ".encoder_attn."),
        (".attn.", ".self_attn."),
        (".query.", ".q_proj."),
        (".key.", ".k_proj."),
        (".value.", ".v_proj."),
        (".out.", ".out_proj."),
    ]
    for old, new in table:
        path = path.replace(old, new)
    return "model." + path


@component("mlx_audio.stt.models.whisper.whisper.Model.sanitize")
def _(calls, name):
    dims = toy(
        n_mels=80, n_audio_state=8, n_audio_head=2, n_audio_layer=1, n_audio_ctx=6,
        n_vocab=20, n_text_ctx=4, n_text_state=8, n_text_head=2, n_text_layer=1,
    )
    m = ma.Model(ma.ModelDimensions(**dims), dtype=mx.float16)
    shapes = {k: v.shape for k, v in tree_flatten(m.parameters())}
    hf = {}
    for i, (path, shape) in enumerate(shapes.items()):
        if path.endswith(("conv1.weight", "conv2.weight")):
            shape = (shape[0], shape[2], shape[1])
        hf[hf_name(path)] = Random(1000 + 977 * i, shape, 1.0, 0.0, "F16")
    given = {k: mx.array(v.value) for k, v in hf.items()}
    calls.add("transformers", MLX, {"weights": hf, "dims": dims}, m.sanitize(given))
    mlx_form = {
        path: Random(5000 + 977 * i, shape, 1.0, 0.0, "F16")
        for i, (path, shape) in enumerate(shapes.items())
    }
    given = {k: mx.array(v.value) for k, v in mlx_form.items()}
    calls.add("mlx", MLX, {"weights": mlx_form, "dims": dims}, m.sanitize(given))


@component("whisper.load_model")
def _(calls, name):
    dims = toy(
        n_mels=80, n_audio_state=8, n_audio_head=2, n_audio_layer=1, n_audio_ctx=6,
        n_vocab=20, n_text_ctx=4, n_text_state=8, n_text_head=2, n_text_layer=1,
    )
    m = ma.Model(ma.ModelDimensions(**dims), dtype=mx.float32)
    w = weights_of(m, name)
    for id, dtype in (("f16", torch.float16), ("f32", torch.float32)):
        t = load_torch(model.Whisper(model.ModelDimensions(**dims)), w)
        state = {k: v.to(dtype) for k, v in t.state_dict().items()}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "toy.pt")
            torch.save({"dims": dims, "model_state_dict": state}, path)
            raw = open(path, "rb").read()
            loaded = whisper.load_model(path, device="cpu")
        expected = {}
        for path, value in loaded.state_dict().items():
            path = path.replace(".mlp.0.", ".mlp1.").replace(".mlp.2.", ".mlp2.")
            if path.endswith(("conv1.weight", "conv2.weight")):
                value = value.permute(0, 2, 1)
            # load_state_dict widens what the file has; the port keeps its type.
            expected[path] = value.contiguous().to(dtype)
        result = {"dims": dims, "weights": expected}
        calls.add(id, TORCH, {"bytes": list(raw)}, result)


# --- audio.py -------------------------------------------------------------------------


@component("whisper.audio")
def _(calls, name):
    names = (
        "SAMPLE_RATE N_FFT HOP_LENGTH CHUNK_LENGTH N_SAMPLES N_FRAMES "
        "N_SAMPLES_PER_TOKEN FRAMES_PER_SECOND TOKENS_PER_SECOND"
    ).split()
    calls.add("constants", TORCH, {}, {n: getattr(audio, n) for n in names})


def wav(samples, rate, channels):
    data = np.asarray(samples, np.int16).tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, channels, rate,
        rate * channels * 2, channels * 2, 16, b"data", len(data),
    )
    return list(head + data)


@component("whisper.audio.load_audio")
def _(calls, name):
    # What ffmpeg does to 16 kHz mono is known without it: nothing. The result
    # is the reference's own conversion of the same bytes.
    mono = np.concatenate(
        [np.array([0, 1, -1, 32767, -32768], np.int16),
         (Random(5, [300]).value * 20000).astype(np.int16)]
    )
    from unittest import mock

    class Done:
        stdout = mono.tobytes()

    with mock.patch.object(audio, "run", lambda *a, **k: Done):
        result = audio.load_audio("mono.wav")
    calls.add("mono", TORCH, {"bytes": wav(mono, 16000, 1)}, result)


@component("whisper.audio.pad_or_trim")
def _(calls, name):
    x = own([2, 30], name)
    for id, length, axis in (("trim", 20, -1), ("pad", 41, -1), ("same", 30, -1), ("axis0", 5, 0)):
        args = {"array": x, "length": length, "axis": axis}
        calls.add(f"mlx-{id}", MLX, args, ma_audio.pad_or_trim(arr(x), length, axis=axis))
        calls.add(f"torch-{id}", TORCH, args, audio.pad_or_trim(ten(x), length, axis=axis))
    y = own([1000], name + "default")
    calls.add("default", TORCH, {"array": y}, audio.pad_or_trim(ten(y)))


@component("whisper.audio.mel_filters")
def _(calls, name):
    for n in (80, 128):
        calls.add(f"{n}", TORCH, {"n_mels": n}, audio.mel_filters("cpu", n))
    calls.add("81", TORCH, {"n_mels": 81}, attempt(lambda: audio.mel_filters("cpu", 81)))


@component("whisper.audio.log_mel_spectrogram")
def _(calls, name):
    noise = own([8000], name)
    loud = Random(seed_of("loud"), [4000], 2.0**-10)
    for id, x, n_mels, padding in (
        ("noise", noise, 80, 0),
        ("padded", noise, 80, 4800),
        ("128", noise, 128, 0),
        ("quiet", loud, 80, 1600),
        ("short", own([201], name + "short"), 80, 0),
    ):
        args = {"audio": x, "n_mels": n_mels, "padding": padding}
        y = audio.log_mel_spectrogram(ten(x), n_mels, padding)
        calls.add(f"torch-{id}", TORCH, args, y.T.contiguous())
        filters = dsp.mel_filters(16000, 400, n_mels, norm="slaney", mel_scale=None)
        args = {"audio": x, "padding": padding, "filters": filters}
        y = ma_audio.log_mel_spectrogram(arr(x), n_mels, padding)
        calls.add(f"mlx-{id}", MLX, args, y)


@component("mlx_audio.dsp.hanning")
def _(calls, name):
    for periodic in (True, False):
        args = {"size": 400, "periodic": periodic}
        calls.add(f"{periodic}", MLX, args, dsp.hanning(400, periodic=periodic))


@component("mlx_audio.dsp.stft")
def _(calls, name):
    for n_fft, hop, n in ((400, 160, 1600), (64, 16, 100)):
        x = own([n], f"{name}{n}")
        window = dsp.hanning(n_fft, periodic=True)
        y = dsp.stft(arr(x), window=window, n_fft=n_fft, hop_length=hop)
        args = {"x": x, "window": window, "n_fft": n_fft, "hop_length": hop}
        calls.add(f"{n_fft}", MLX, args, {"real": mx.real(y), "imag": mx.imag(y)})


@component("mlx_audio.dsp.mel_filters")
def _(calls, name):
    for n_mels, scale, norm in ((80, None, "slaney"), (128, None, "slaney"), (40, "htk", None)):
        y = dsp.mel_filters(16000, 400, n_mels, norm=norm, mel_scale=scale)
        args = {
            "sample_rate": 16000, "n_fft": 400, "n_mels": n_mels,
            "mel_scale": scale or "slaney", "norm": norm,
        }
        calls.add(f"{n_mels}", MLX, args, y)


# --- tokenizer.py ---------------------------------------------------------------------

TEXTS = [
    "", " ", "Hello, world!", " and so, my fellow Americans", "  two  spaces ",
    "it's we'll I'm they've you're he'd", "1234567890 3.14 1,000", "\n\ttabs\r\n",
    "naïve café Ünïcödé", "日本語のテキスト", "한국어 문장", "Привет, мир", "שלום", "नमस्ते दुनिया",
    "👩‍👩‍👧‍👦 emoji 🎉", "♪♪ [music] (laughs) -- <b>", "e\u0301 combining", "\u00a0nbsp\u2003em",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x" * 50 + " " * 7 + "y", "¿Qué? ¡Sí!",
]


def settings(multilingual, n=99, language=None, task=None):
    return {"multilingual": multilingual, "num_languages": n, "language": language, "task": task}


def make(s):
    return tokenizer.get_tokenizer(
        s["multilingual"], num_languages=s["num_languages"], language=s["language"], task=s["task"]
    )


@component("whisper.tokenizer.LANGUAGES")
def _(calls, name):
    calls.add("all", TORCH, {}, [[k, v] for k, v in tokenizer.LANGUAGES.items()])


@component("whisper.tokenizer.TO_LANGUAGE_CODE")
def _(calls, name):
    calls.add("all", TORCH, {}, dict(tokenizer.TO_LANGUAGE_CODE))


@component("whisper.tokenizer.Tokenizer")
def _(calls, name):
    cases = {
        "en-only": settings(False),
        "default": settings(True),
        "german": settings(True, language="de", task="translate"),
        "large-v3": settings(True, 100, "yue", "transcribe"),
        "japanese": settings(True, language="ja", task="transcribe"),
    }
    for id, s in cases.items():
        t = make(s)
        # The reference's order of languages is that of a hash set; the port's
        # is that of their ids.
        ids = sorted(t.all_language_tokens)
        codes = [t.decode([i]).strip("<|>") for i in ids]
        if not s["multilingual"]:
            ids, codes = ids[:99], codes[:99]
        fields = (
            "sot_sequence sot_sequence_including_notimestamps eot transcribe translate sot "
            "sot_lm sot_prev no_speech no_timestamps timestamp_begin"
        ).split()
        result = {f: getattr(t, f) for f in fields}
        result |= {
            "all_language_tokens": ids,
            "all_language_codes": codes,
            "non_speech_tokens": list(t.non_speech_tokens),
            "language": t.language,
            "task": t.task,
        }
        calls.add(f"fields-{id}", TORCH, s, result)
        for i, text in enumerate(TEXTS):
            if id in ("en-only", "default"):
                calls.add(f"encode-{id}-{i}", TORCH, {**s, "text": text}, {"tokens": t.encode(text)})
        for i, text in enumerate(TEXTS):
            tokens = t.encode(text)
            if id in ("german", "large-v3") or not tokens:
                continue
            begin = t.timestamp_begin
            tokens = [begin + 3, *tokens, begin + 50]
            if i % 3 == 2:
                tokens = tokens[:-2] + [t.eot]  # a character cut in two, the end
            result = {
                "decode": t.decode(tokens),
                "decode_with_timestamps": t.decode_with_timestamps(tokens),
                "split_to_word_tokens": list(t.split_to_word_tokens(tokens)),
                "split_tokens_on_unicode": list(t.split_tokens_on_unicode(tokens)),
                "split_tokens_on_spaces": list(t.split_tokens_on_spaces(tokens)),
            }
            calls.add(f"decode-{id}-{i}", TORCH, {**s, "ids": tokens}, result)
    s, t = cases["default"], make(cases["default"])
    for language in ("en", "haw", "su", "yue", "xx"):
        calls.add(
            f"to_language_token-{language}", TORCH, {**s, "to_language_token": language},
            attempt(lambda: t.to_language_token(language)),
        )
    forged = "<|endoftext|>"
    calls.add("forged", TORCH, {**s, "text": forged}, attempt(lambda: t.encode(forged)))


@component("whisper.tokenizer.get_encoding")
def _(calls, name):
    for multilingual, n in ((False, 99), (True, 99), (True, 100)):
        e = tokenizer.get_encoding("multilingual" if multilingual else "gpt2", n)
        specials = sorted(
            ([s, e.encode_single_token(s)] for s in e.special_tokens_set), key=lambda p: p[1]
        )
        text = " The quick brown fox"
        args = {"multilingual": multilingual, "num_languages": n, "text": text}
        result = {"n_vocab": e.n_vocab, "special_tokens": specials, "tokens": e.encode(text)}
        calls.add(f"{multilingual}-{n}", TORCH, args, result)


@component("whisper.tokenizer.get_tokenizer")
def _(calls, name):
    for id, s in {
        "en-only": settings(False, language="de", task="translate"),
        "default": settings(True),
        "name": settings(True, language="English", task="transcribe"),
        "alias": settings(True, language="Castilian", task="translate"),
        "v3": settings(True, 100, "yue"),
        "unknown": settings(True, language="klingon"),
        "not-in-99": settings(True, 99, "yue"),
    }.items():
        def run():
            t = make(s)
            return {
                "language": t.language,
                "task": t.task,
                "num_languages": t.num_languages,
                "sot_sequence": t.sot_sequence,
            }
        calls.add(id, TORCH, s, attempt(run))


# --- decoding.py ------------------------------------------------------------------------


@component("whisper.decoding.DecodingOptions")
def _(calls, name):
    defaults = dataclasses.asdict(decoding.DecodingOptions())
    del defaults["fp16"]  # the port's models know their type
    defaults["suppress_tokens"] = [int(t) for t in defaults["suppress_tokens"].split(",")]
    calls.add("defaults", TORCH, {}, defaults)


@component("whisper.decoding.DecodingResult")
def _(calls, name):
    x = own([4, 8], name)
    r = decoding.DecodingResult(audio_features=ten(x), language="en")
    fields = {f.name: getattr(r, f.name) for f in dataclasses.fields(r)}
    calls.add("defaults", TORCH, {"audio_features": x, "language": "en"}, fields)


def logits_like(n_vocab, batch, name, scale=8.0):
    return own([batch, n_vocab], name, scale)


def apply(filter, logits, tokens):
    y = ten(logits)
    filter.apply(y, torch.tensor(tokens))
    return y


@component("whisper.decoding.SuppressTokens", "whisper.decoding.LogitFilter")
def _(calls, name):
    x = logits_like(100, 2, name)
    for id, ids in (("some", [0, 5, 99]), ("none", [])):
        f = decoding.SuppressTokens(ids)
        tokens = [[1, 2], [3, 4]]
        args = {"logits": x, "tokens": tokens, "suppress_tokens": ids}
        calls.add(id, TORCH, args, apply(f, x, tokens))


@component("whisper.decoding.SuppressBlank")
def _(calls, name):
    for multilingual in (True, False):
        s = settings(multilingual)
        t = make(s)
        x = logits_like(t.encoding.n_vocab, 1, f"{name}{multilingual}")
        for id, length in (("first", 3), ("later", 4)):
            f = decoding.SuppressBlank(t, 3)
            tokens = [list(range(length))]
            args = {**s, "logits": x, "tokens": tokens, "sample_begin": 3}
            calls.add(f"{id}-{multilingual}", TORCH, args, apply(f, x, tokens))


@component("whisper.decoding.ApplyTimestampRules")
def _(calls, name):
    s = settings(True)
    t = make(s)
    b, sot = t.timestamp_begin, list(t.sot_sequence)
    cases = {
        "first": ([], 50),
        "first-unlimited": ([], None),
        "first-zero": ([], 0),
        "one": ([b + 10], 50),
        "one-text": ([b + 10, 400], 50),
        "text-stamp": ([b + 10, 400, b + 20], 50),
        "pair": ([b + 10, 400, b + 20, b + 20], 50),
        "pair-text": ([b + 10, 400, b + 20, b + 20, 500], 50),
        "last": ([b + 10, 400, b + 1500], 50),
        "text-only": ([400, 401], 50),
        "stamp-stamp": ([b + 10, b + 30], 50),
        "no-increase": ([b + 10, 400, b + 10, b + 10, 401, 402], 50),
    }
    for id, (sampled, limit) in cases.items():
        # Flat logits make the timestamps' sum win; peaked ones the text.
        for kind, scale in (("flat", 0.5), ("peaked", 32.0)):
            x = logits_like(t.encoding.n_vocab, 1, f"{name}{id}{kind}", scale)
            f = decoding.ApplyTimestampRules(t, len(sot), limit)
            tokens = [sot + sampled]
            args = {
                **s, "logits": x, "tokens": tokens, "sample_begin": len(sot),
                "max_initial_timestamp_index": limit,
            }
            calls.add(f"{id}-{kind}", TORCH, args, apply(f, x, tokens))
    # Two sequences of one batch under different rules.
    x = logits_like(t.encoding.n_vocab, 2, name + "batch", 0.5)
    f = decoding.ApplyTimestampRules(t, len(sot), 50)
    tokens = [sot + [b + 1, 400, b + 2], sot + [b + 1, 400, 401]]
    args = {
        **s, "logits": x, "tokens": tokens, "sample_begin": len(sot),
        "max_initial_timestamp_index": 50,
    }
    calls.add("batch", TORCH, args, apply(f, x, tokens))


@component("whisper.decoding.GreedyDecoder", "whisper.decoding.TokenDecoder")
def _(calls, name):
    eot = 90
    for id, tokens in (
        ("running", [[1, 2], [3, 4]]),
        ("one-done", [[1, 2], [3, eot]]),
        ("all-done", [[1, eot], [3, eot]]),
    ):
        x = logits_like(100, 2, name + id)
        sums = own([2], name + id + "s")
        d = decoding.GreedyDecoder(0.0, eot)
        total = ten(sums)
        out, completed = d.update(torch.tensor(tokens), ten(x), total)
        args = {"eot": eot, "tokens": tokens, "logits": x, "sum_logprobs": sums}
        result = {
            "tokens": out.tolist(),
            "sum_logprobs": [Near(v) for v in total.tolist()],
            "completed": bool(completed),
        }
        calls.add("update-" + id, TORCH, args, result)
    d = decoding.GreedyDecoder(0.0, eot)
    tokens = [[[1, 2, 3]], [[4, eot, eot]]]
    sums = [[-1.5], [-0.25]]
    out, out_sums = d.finalize(torch.tensor(tokens), torch.tensor(sums))
    args = {"eot": eot, "tokens": tokens, "sum_logprobs": sums}
    calls.add("finalize", TORCH, args, {"tokens": out.tolist(), "sum_logprobs": out_sums})


@component("whisper.decoding.MaximumLikelihoodRanker", "whisper.decoding.SequenceRanker")
def _(calls, name):
    groups = [[[1, 2, 3], [1], [4, 5]], [[7], [8, 9], [1, 2, 3, 4]]]
    sums = [[-3.0, -1.5, -1.0], [-2.0, -4.0, -4.0]]
    penalties = [None] if name.endswith("SequenceRanker") else [None, 0.0, 0.5, 1.0]
    for p in penalties:
        ranker = decoding.MaximumLikelihoodRanker(p)
        tokens = [[torch.tensor(t) for t in g] for g in groups]
        chosen = [int(i) for i in ranker.rank(tokens, sums)]
        args = {"tokens": groups, "sum_logprobs": sums, "length_penalty": p}
        calls.add(f"penalty-{p}", TORCH, args, chosen)
    tie = [[[1, 2], [3, 4]]]
    chosen = decoding.MaximumLikelihoodRanker(None).rank(
        [[torch.tensor(t) for t in g] for g in tie], [[-1.0, -1.0]]
    )
    args = {"tokens": tie, "sum_logprobs": [[-1.0, -1.0]], "length_penalty": None}
    calls.add("tie", TORCH, args, [int(i) for i in chosen])


# A model with the real vocabulary and context that is small in every other way.
SPEAKER = {
    "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": 16, "n_audio_head": 2,
    "n_audio_layer": 1, "n_vocab": 51865, "n_text_ctx": 448, "n_text_state": 16,
    "n_text_head": 2, "n_text_layer": 1,
}
ENGLISH = {**SPEAKER, "n_vocab": 51864}
_speakers = {}


def speaker(dims, name="speaker", gain=4.0):
    key = (name, dims["n_vocab"])
    if key not in _speakers:
        m = ma.Model(ma.ModelDimensions(**dims), dtype=mx.float32)
        w = weights_of(m, f"{name}{dims['n_vocab']}", gain)
        t = load_torch(model.Whisper(model.ModelDimensions(**dims)), w)
        _speakers[key] = (t, w)
    return _speakers[key]


def mel_of(name, batch):
    return own([batch, 3000, 80], name, 1.0)


def result_of(r):
    probs = r.language_probs
    return {
        "language": r.language,
        "language_probs": None if probs is None else {k: Near(v) for k, v in in_order(probs)},
        "tokens": r.tokens,
        "text": r.text,
        "avg_logprob": Near(r.avg_logprob),
        "no_speech_prob": Near(r.no_speech_prob),
        "temperature": r.temperature,
        "compression_ratio": r.compression_ratio,
    }


def in_order(probs):
    order = {code: i for i, code in enumerate(tokenizer.LANGUAGES)}
    return sorted(probs.items(), key=lambda p: order[p[0]])


@component("whisper.decoding.PyTorchInference", "whisper.decoding.Inference")
def _(calls, name):
    t, w = speaker({**SPEAKER, "n_vocab": 51865}, "small")
    features = own([2, 1500, 16], "features")
    tokens = [[50258, 50259, 50359], [50258, 50261, 50358]]
    steps = [None, [50364, 50400], [11, 12], [13, 14]]
    inference = decoding.PyTorchInference(t, 3)
    now, outs = torch.tensor(tokens), []
    for more in steps:
        if more is not None:
            now = torch.cat([now, torch.tensor(more)[:, None]], dim=-1)
        outs.append(inference.logits(now, ten(features)))
    inference.cleanup_caching()
    args = {
        "weights": w, "dims": SPEAKER, "audio_features": features, "tokens": tokens,
        "steps": steps, "initial_token_length": 3,
    }
    calls.add("steps", TORCH, args, outs)


@component("whisper.decoding.detect_language")
def _(calls, name):
    for batch in (1, 2):
        t, w = speaker(SPEAKER)
        mel = mel_of(f"{name}{batch}", batch)
        ids, probs = decoding.detect_language(t, ten(mel).permute(0, 2, 1))
        result = {
            "language_tokens": ids.tolist(),
            "language_probs": [{k: Near(v) for k, v in in_order(p)} for p in probs],
        }
        args = {"weights": w, "dims": SPEAKER, "mel": mel}
        calls.add(f"batch-{batch}", TORCH, args, result)
    t, w = speaker(ENGLISH)
    mel = mel_of(name + "en", 1)
    raised = attempt(lambda: decoding.detect_language(t, ten(mel).permute(0, 2, 1)))
    calls.add("english-only", TORCH, {"weights": w, "dims": ENGLISH, "mel": mel}, raised)


def options_for(given):
    """DecodingOptions from a call's arguments."""
    o = dict(given)
    if o.pop("keep_blank", False):
        o["suppress_blank"] = False
    if isinstance(o.get("suppress_tokens"), list):
        o["suppress_tokens"] = list(o["suppress_tokens"])
    return decoding.DecodingOptions(fp16=False, **o)


PROMPT = [400, 401, 402, 403]
TASKS = {
    "plain": {"language": "en"},
    "no-timestamps": {"language": "en", "without_timestamps": True},
    "translate": {"language": "de", "task": "translate"},
    "detected": {},
    "lang-id": {"task": "lang_id"},
    "prompt-text": {"language": "en", "prompt": " Mr. Quilter is the apostle "},
    "prompt-long": {"language": "en", "prompt": list(range(1000, 1400))},
    "prefix": {"language": "en", "prefix": "And so", "sample_len": 8},
    "prefix-tokens": {"language": "en", "prefix": PROMPT, "prompt": PROMPT, "sample_len": 8},
    "keep-blank": {"language": "en", "keep_blank": True, "suppress_tokens": []},
    "suppress-some": {"language": "en", "suppress_tokens": [5, 6, 7]},
    "suppress-both": {"language": "en", "suppress_tokens": [-1, 5]},
    "initial-0.4": {"language": "en", "max_initial_timestamp": 0.4},
    "initial-0": {"language": "en", "max_initial_timestamp": 0.0},
    "wrong-best-of": {"language": "en", "best_of": 2},
    "wrong-patience": {"language": "en", "patience": 1.0},
    "wrong-penalty": {"language": "en", "length_penalty": 2.0},
}


@component("whisper.decoding.DecodingTask")
def _(calls, name):
    t, w = speaker(SPEAKER)
    for id, given in TASKS.items():
        given = {"sample_len": 12, **given}
        mel = mel_of(name, 2)

        def run():
            task = decoding.DecodingTask(t, options_for(given))
            return {
                "initial_tokens": list(task.initial_tokens),
                "sample_begin": task.sample_begin,
                "sot_index": task.sot_index,
                "n_filters": len(task.logit_filters),
                "run": [result_of(r) for r in task.run(ten(mel).permute(0, 2, 1))],
            }

        args = {"weights": w, "dims": SPEAKER, "mel": mel, **given}
        calls.add(id, TORCH, args, attempt(run))


@component("whisper.decoding.decode")
def _(calls, name):
    for dims, id in ((SPEAKER, "multilingual"), (ENGLISH, "english")):
        t, w = speaker(dims)
        mel = mel_of(name + id, 1)
        given = {"language": "en", "sample_len": 16}
        r = decoding.decode(t, ten(mel).permute(0, 2, 1), options_for(given))
        args = {"weights": w, "dims": dims, "mel": mel, **given}
        calls.add(id, TORCH, args, [result_of(x) for x in r])


# --- transcribe.py ------------------------------------------------------------------------


def transcription(r):
    segments = []
    for s in r["segments"]:
        s = {k: s[k] for k in (
            "id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob",
            "compression_ratio", "no_speech_prob",
        )}
        s["avg_logprob"] = Near(s["avg_logprob"])
        s["no_speech_prob"] = Near(s["no_speech_prob"])
        segments.append(s)
    return {"text": r["text"], "segments": segments, "language": r["language"]}


@component("whisper.transcribe.transcribe")
def _(calls, name):
    seconds = {"short": 3, "window": 30, "long": 65}
    cases = {
        "short": ("short", {"language": "en"}),
        "window": ("window", {"language": "en"}),
        "long": ("long", {"language": "en"}),
        "detected": ("short", {}),
        "translate": ("short", {"language": "fr", "task": "translate"}),
        "prompt": ("long", {"language": "en", "initial_prompt": "Previously, on the radio."}),
        "forget": ("long", {"language": "en", "forget_previous_text": True}),
        "no-timestamps": ("long", {"language": "en", "without_timestamps": True}),
        "silence": ("long", {"language": "en", "no_speech_threshold": 0.0, "logprob_threshold": 0.0}),
    }
    for id, (length, given) in cases.items():
        t, w = speaker(SPEAKER)
        sound = Random(seed_of(length), [seconds[length] * 16000 + 77], 0.25)
        o = {"sample_len": 20, **given}
        args = {"weights": w, "dims": SPEAKER, "audio": sound, **o}
        forget = o.pop("forget_previous_text", False)
        r = transcribe_module.transcribe(
            t, sound.value, temperature=0.0, fp16=False, condition_on_previous_text=not forget, **o
        )
        calls.add(id, TORCH, args, transcription(r))


# --- utils.py -----------------------------------------------------------------------------


@component("whisper.utils.exact_div")
def _(calls, name):
    for x, y in ((480000, 160), (0, 3), (7, 2)):
        calls.add(f"{x}-{y}", TORCH, {"x": x, "y": y}, attempt(lambda: utils.exact_div(x, y)))


@component("whisper.utils.str2bool", "whisper.utils.optional_int", "whisper.utils.optional_float")
def _(calls, name):
    function = getattr(utils, name.rpartition(".")[2])
    for text in ("True", "False", "None", "7", "-3", "0.5", "1e-3", "true", "x", ""):
        calls.add(f"'{text}'", TORCH, {"string": text}, attempt(lambda: function(text)))


@component("whisper.utils.compression_ratio")
def _(calls, name):
    for i, text in enumerate(["a", "hello hello hello hello hello", *TEXTS[2:], "la " * 500]):
        calls.add(f"{i}", TORCH, {"text": text}, utils.compression_ratio(text))


@component("whisper.utils.format_timestamp")
def _(calls, name):
    for s in (0.0, 0.0005, 0.0015, 0.9995, 59.9996, 61.5, 3599.9994, 3600.0, 360000.25, -1.0):
        for hours in (False, True):
            for mark in (".", ","):
                args = {"seconds": s, "always_include_hours": hours, "decimal_marker": mark}
                calls.add(
                    f"{s}-{hours}-{mark}", TORCH, args,
                    attempt(lambda: utils.format_timestamp(s, hours, mark)),
                )


def result(*segments):
    out = []
    for i, (start, end, text) in enumerate(segments):
        out.append({
            "id": i, "seek": 100 * i, "start": start, "end": end, "text": text,
            "tokens": [50364, 400 + i, 50400], "temperature": 0.0,
            "avg_logprob": -0.25 - i / 3, "compression_ratio": 1.25, "no_speech_prob": 1e-07,
        })
    return {"text": "".join(t for _, _, t in segments), "segments": out, "language": "en"}


RESULTS = {
    "none": result(),
    "two": result((0.0, 2.5, " Hello there."), (2.5, 4.0005, " Bye --> now\twith a tab ")),
    "hours": result((3599.5, 3661.25, " long"), (7200.0, 7200.0, "")),
    "unicode": result((0.0005, 1.0015, " 日本語 “quoted” \\ \"x\" \u2028 🎉 \x07")),
}


def write(cls, r):
    file = io.StringIO()
    cls("").write_result(r, file=file)
    return file.getvalue()


@component(
    "whisper.utils.WriteTXT", "whisper.utils.WriteVTT", "whisper.utils.WriteSRT",
    "whisper.utils.WriteTSV", "whisper.utils.WriteJSON",
)
def _(calls, name):
    cls = getattr(utils, name.rpartition(".")[2])
    for id, r in RESULTS.items():
        calls.add(id, TORCH, {"result": r}, write(cls, r))


@component("whisper.utils.SubtitlesWriter")
def _(calls, name):
    for id, r in RESULTS.items():
        both = {"srt": write(utils.WriteSRT, r), "vtt": write(utils.WriteVTT, r)}
        calls.add(id, TORCH, {"result": r}, both)


@component("whisper.utils.ResultWriter")
def _(calls, name):
    for path in ("talk.wav", "a.b.mp3", "noending", "folder/x.flac"):
        with tempfile.TemporaryDirectory() as folder:
            writer = utils.get_writer("srt", folder)
            writer(RESULTS["two"], path)
            (written,) = os.listdir(folder)
            text = open(os.path.join(folder, written), encoding="utf-8").read()
        args = {"format": "srt", "output_dir": "out", "audio_path": path, "result": RESULTS["two"]}
        calls.add(path, TORCH, args, {"path": "out/" + written, "text": text})


@component("whisper.utils.get_writer")
def _(calls, name):
    for kind in ("txt", "vtt", "srt", "tsv", "json", "all", "xml"):
        def run():
            with tempfile.TemporaryDirectory() as folder:
                utils.get_writer(kind, folder)(RESULTS["two"], "talk.wav", {})
                order = [k for k in ("txt", "vtt", "srt", "tsv", "json")]
                found = {f.rpartition(".")[2]: f for f in os.listdir(folder)}
                return [
                    [k, open(os.path.join(folder, found[k]), encoding="utf-8").read()]
                    for k in order if k in found
                ]
        calls.add(kind, TORCH, {"format": kind, "result": RESULTS["two"]}, attempt(run))
