# SPDX-License-Identifier: MIT
"""Calls of model.py and of what is used in it."""

import dataclasses
import json
import os
import tempfile

import mlx.core as mx
import mlx.nn as mnn
import numpy as np
import torch
from mlx.utils import tree_flatten
from mlx_audio.stt.models.whisper import whisper as ma
from portproof_trace import Random, attempt, seed_of

import whisper
from whisper import model

from .common import (
    MLX,
    TORCH,
    arr,
    both_models,
    component,
    load_mlx,
    load_torch,
    own,
    ten,
    torch_name,
    toy,
    weights_of,
)


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
    # As the encoder uses it. What leaves the convolution is there to be looked
    # at, even where the port makes one step of both.
    y = m(arr(x))
    calls.add("gelu", MLX, {**args, "gelu": True}, {"conv": y, "gelu": mnn.gelu(y)})


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
    # Up to half of the largest number: beyond it the reference's 2 x is
    # infinite, and of -inf it makes -inf times 0. The kernel gives the limits.
    most = float(np.finfo(np.float32).max)
    for id, sides in (
        ("far", [5.5, 6.0, 13.5, 1e4]),
        ("large", [1e30, 1e38, most / 2]),
        ("largest", [-most, np.inf]),
        ("tiny", [0.0, 1e-20]),
        ("subnormal", [0.0, 1e-38, 1e-44]),
    ):
        x = np.array(sides if id == "largest" else [*sides, *(-v for v in sides)], np.float32)
        calls.add(id, MLX, {"x": x}, mnn.gelu(arr(x)))
    # Among others, and by itself: NaN comes out where it goes in.
    for id, x in (("nan", [1.0, np.nan, -np.nan, np.inf, -2.0]), ("only-nan", [np.nan])):
        y = mnn.gelu(mx.array(x))
        result = {"is_nan": mx.isnan(y).tolist(), "others": mx.where(mx.isnan(y), 0, y)}
        calls.add(id, MLX, {"x": np.array(x, np.float32), "apart": True}, result)


@component("mlx.nn.layers.transformer.MultiHeadAttention.create_additive_causal_mask")
def _(calls, name):
    q, k, v = (own([1, 6, 8], name + n) for n in "qkv")
    mask = mnn.MultiHeadAttention.create_additive_causal_mask(6)
    weights = mx.softmax(arr(q) @ arr(k).transpose(0, 2, 1) + mask, axis=-1, precise=True)
    calls.add("attention", MLX, {"q": q, "k": k, "v": v}, weights @ arr(v))
    # The lowest number of each type, which f32 holds exactly.
    for dtype in (mx.float32, mx.float16, mx.bfloat16):
        for n in (1, 5):
            mask = mnn.MultiHeadAttention.create_additive_causal_mask(n, dtype)
            type = str(mask.dtype).rpartition(".")[2]
            result = {"dtype": type, "mask": mask.astype(mx.float32)}
            calls.add(f"{type}-{n}", MLX, {"n": n, "dtype": type}, result)


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
    # The inputs above have 11 bits, and would stand being cut to f16.
    fine = Random(seed_of(name + "fine"), [1, 48, 80], 1 / 3)
    args = {"weights": w, "dims": dims, "mel": fine, "tokens": tokens[:1]}
    features = m.embed_audio(arr(fine))
    logits = m.logits(mx.array(tokens[:1]), features)
    result = {**result, "features": features, "logits": logits, "whole": logits}
    calls.add("mlx-fine", MLX, args, result)


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
    # As large as the port takes them.
    largest = dict(zip(toy(), (512, 30000, 16384, 256, 256, 1000000, 8192, 16384, 256, 256)))
    forms = (("mlx", mlx_form), ("transformers", transformers_form), ("largest", largest))
    for id, config in forms:
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
    # A tensor of heads, as MLX's first conversions have. mlx-whisper takes any
    # one in, and fails where it goes through its pairs.
    import mlx_whisper.load_models as mlx_whisper

    for id, heads in (
        ("heads", np.array([[0, 1], [0, 0]], np.int32)),
        ("heads in i64", np.array([[0, 0]], np.int64)),
        ("heads of three", np.array([[0, 1, 0], [0, 0, 0]], np.int32)),
        ("heads in a row", np.array([0, 1], np.int32)),
        ("heads in f32", np.array([[0, 1]], np.float32)),
    ):
        given = {**{k: v for k, v in w.items() if "_positional" not in k}, "alignment_heads": heads}
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "config.json"), "w") as f:
                json.dump(dims, f)
            arrays = {k: mx.array(v.value if isinstance(v, Random) else v) for k, v in given.items()}
            mx.save_safetensors(os.path.join(folder, "weights.safetensors"), arrays)
            loaded = mlx_whisper.load_model(folder)
        # As its find_alignment() does.
        rows = [[0, 0]] * dims["n_text_layer"]
        result = attempt(lambda: [[l, h, rows[l][h]][:2] for l, h in loaded.alignment_heads.tolist()])
        calls.add(id, MLX, {"config": dims, "weights": given}, result)
