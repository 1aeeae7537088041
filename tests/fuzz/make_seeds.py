#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the small files that the readers' tests and fuzzers begin with.

    make_seeds.py FOLDER

Needs torch, numpy, mlx, mlx-audio and openai-whisper. The files are committed:
this is how they were made. Numbers are counted, not random, so that a test can
say what it expects.
"""

import io
import json
import pathlib
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict
from unittest import mock

import mlx.core as mx
import numpy as np
import torch
import whisper.model

# mlx-audio imports these, and needs none of them here.
for module in ("huggingface_hub", "transformers", "sounddevice"):
    sys.modules.setdefault(module, mock.MagicMock())

from mlx_audio.stt.models.whisper.whisper import Model
from mlx_audio.stt.models.whisper.whisper import ModelDimensions as MlxDims

DIMS = dict(n_mels=4, n_audio_ctx=6, n_audio_state=4, n_audio_head=2,
            n_audio_layer=1, n_vocab=10, n_text_ctx=5, n_text_state=4,
            n_text_head=2, n_text_layer=2)
HEADS = [[0, 1], [1, 0]]


def folder(root, *names):
    path = root.joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


def counted(shape, dtype=np.float32):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape).astype(
        dtype)


def make_safetensors(root):
    out = folder(root, "safetensors")
    mx.save_safetensors(
        str(out / "types.safetensors"),
        {"f32": mx.array(counted((2, 3))), "f16": mx.array(
            counted((3, 2), np.float16)),
         "bf16": mx.array(counted((4,))).astype(mx.bfloat16),
         "i64": mx.arange(3, dtype=mx.int64), "scalar": mx.array(7.0),
         "empty": mx.zeros((0, 4))}, metadata={"format": "mlx"})


def make_npz(root):
    out = folder(root, "npz")
    arrays = {"f32": counted((2, 3)), "f16": counted((3, 2), np.float16),
              "i64": np.arange(3), "scalar": np.array(7.0, np.float32),
              "flag": np.array([True, False])}
    np.savez(out / "stored.npz", **arrays)
    np.savez_compressed(out / "deflated.npz", **arrays)
    refused = folder(root, "refused")
    np.savez(refused / "fortran.npz", a=np.asfortranarray(counted((2, 3))))
    np.savez(refused / "big_endian.npz", a=counted((2, 3), ">f4"))
    np.savez(refused / "objects.npz",
             a=np.array([{}, None], dtype=object), allow_pickle=True)


def make_parts(root):
    """What an archive's checksums keep a fuzzer from reaching. Each storage
    has 96 bytes, as tests/fuzz/readers.cpp gives it."""
    out = folder(root, "npy")
    np.save(out / "f32.npy", counted((2, 3)))
    np.save(out / "i64.npy", np.arange(3))
    out = folder(root, "pickle")
    whole = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    saved = io.BytesIO()
    torch.save(
        {"dims": {"n_mels": 80, "list": [1, 2.5, None, True], "t": (1, "a")},
         "model_state_dict": OrderedDict(
             whole=whole, transposed=whole.t(), columns=whole[:, 1:3],
             half=torch.arange(48).half().reshape(2, 3, 8).permute(2, 0, 1),
             long=torch.arange(12))}, saved)
    with zipfile.ZipFile(saved) as archive_of_torch:
        name = next(n for n in archive_of_torch.namelist()
                    if n.endswith("data.pkl"))
        (out / "views.pkl").write_bytes(archive_of_torch.read(name))
    (out / "protocol4.pkl").write_bytes(pickle.dumps(
        {"a": [1, -300, 70000, 2**40], "b": b"bytes", "c": ("x", 1.5)},
        protocol=4))
    (out / "protocol0.pkl").write_bytes(pickle.dumps(
        {1: [True, 2.5], 2: (3, 4)}, protocol=0).replace(
            b"F2.5\n", b"I25\n"))
    (out / "laughs.pkl").write_bytes(laughs())


class Calls:
    """Pickles as a call of `name` in `module`."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def archive(path, payload):
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("archive/data.pkl", payload)
        out.writestr("archive/version", b"3\n")


def make_torch(root):
    out = folder(root, "torch")
    whole = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    torch.save(
        {"dims": {"n_mels": 80, "name": "x", "list": [1, 2.5, None, True]},
         "model_state_dict": OrderedDict(
             f32=torch.arange(6.0).reshape(2, 3),
             f16=torch.arange(6.0).half().reshape(3, 2),
             bf16=torch.arange(4.0).bfloat16(), i64=torch.arange(3),
             transposed=whole.t(), columns=whole[:, 1:3],
             rows=whole[1:3], scalar=torch.tensor(7.0),
             empty=torch.zeros(0, 4))}, out / "views.pt")
    module = torch.nn.Linear(3, 2)
    with torch.no_grad():
        module.weight.copy_(torch.arange(6.0).reshape(2, 3))
        module.bias.zero_()
    torch.save(module.state_dict(), out / "state_dict.pt")
    torch.save({"weight": module.weight}, out / "parameter.pt")
    refused = folder(root, "refused")
    torch.save({"a": torch.zeros(2)}, refused / "legacy.pt",
               _use_new_zipfile_serialization=False)
    torch.save({"a": torch.zeros(1).expand(1000)}, refused / "expanded.pt")
    import os
    archive(refused / "calls_system.pt",
            pickle.dumps({"model_state_dict": Calls(os.system, "true")},
                         protocol=2))
    archive(refused / "calls_eval.pt",
            pickle.dumps(Calls(eval, "1"), protocol=4))
    archive(refused / "inst.pt", b"(S'true'\nios\nsystem\n.".replace(
        b"S'true'\n", b"X\x04\x00\x00\x00true"))
    archive(refused / "laughs.pt", laughs())


def laughs():
    """Ten references to ten references to ..., 30 deep."""
    out = b"\x80\x02}q\x00X\x01\x00\x00\x00a]q\x01"
    for i in range(1, 31):
        out += b"0](" + (b"h" + bytes([i])) * 10 + b"eq" + bytes([i + 1])
    return out + b"s."


def text(name):
    data = name.encode() + b"\0"
    return struct.pack("<H", len(data)) + data


TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def ctranslate2(variables, aliases, version=6):
    out = struct.pack("<I", version) + text("WhisperSpec") + struct.pack(
        "<I", 3) + struct.pack("<I", len(variables))
    for name, value in variables.items():
        value = np.asarray(value)
        out += text(name) + struct.pack("<B", value.ndim)
        out += struct.pack(f"<{value.ndim}I", *value.shape)
        if version >= 4:
            out += struct.pack("<BI", TYPES[value.dtype.name], value.nbytes)
        else:
            out += struct.pack("<BI", value.itemsize, value.size)
        out += value.tobytes()
    if version >= 3:
        out += struct.pack("<I", len(aliases))
        for alias, name in aliases.items():
            out += text(alias) + text(name)
    return out


def make_ctranslate2(root):
    out = folder(root, "ctranslate2")
    variables = {"a/f32": counted((2, 3)), "b/f16": counted((3,), np.float16),
                 "c/i8": np.int8(1), "d/i16": np.int16(-1)}
    for version in (2, 3, 6):
        chosen = {k: v for k, v in variables.items()
                  if version >= 4 or k != "b/f16"}
        (out / f"version{version}.bin").write_bytes(
            ctranslate2(chosen, {"e/alias": "a/f32"}, version))


def fused(state):
    """CTranslate2's variables of an OpenAI state dict."""
    out = {}

    def linear(name, *modules):
        out[name + "/weight"] = np.concatenate(
            [state[m + ".weight"] for m in modules])
        out[name + "/bias"] = np.concatenate(
            [state.get(m + ".bias", np.zeros(len(state[m + ".weight"]),
                                             np.float32)) for m in modules])

    def norm(name, module):
        out[name + "/gamma"] = state[module + ".weight"]
        out[name + "/beta"] = state[module + ".bias"]

    for side, layers in (("encoder", DIMS["n_audio_layer"]),
                         ("decoder", DIMS["n_text_layer"])):
        for i in range(layers):
            to, at = f"{side}/layer_{i}", f"{side}.blocks.{i}"
            linear(to + "/self_attention/linear_0", at + ".attn.query",
                   at + ".attn.key", at + ".attn.value")
            linear(to + "/self_attention/linear_1", at + ".attn.out")
            norm(to + "/self_attention/layer_norm", at + ".attn_ln")
            if side == "decoder":
                linear(to + "/attention/linear_0", at + ".cross_attn.query")
                linear(to + "/attention/linear_1", at + ".cross_attn.key",
                       at + ".cross_attn.value")
                linear(to + "/attention/linear_2", at + ".cross_attn.out")
                norm(to + "/attention/layer_norm", at + ".cross_attn_ln")
            linear(to + "/ffn/linear_0", at + ".mlp.0")
            linear(to + "/ffn/linear_1", at + ".mlp.2")
            norm(to + "/ffn/layer_norm", at + ".mlp_ln")
        out[side + "/num_heads"] = np.int16(2)
        out[side + "/position_encodings/encodings"] = state[
            side + ".positional_embedding"]
    for conv in ("conv1", "conv2"):
        linear("encoder/" + conv, "encoder." + conv)
    norm("encoder/layer_norm", "encoder.ln_post")
    norm("decoder/layer_norm", "decoder.ln")
    out["decoder/embeddings/weight"] = state["decoder.token_embedding.weight"]
    out["decoder/pre_norm"] = np.int8(1)
    out["decoder/activation"] = np.int8(3)
    return out


HF = (("encoder.ln_post", "encoder.layer_norm"),
      ("decoder.ln.", "decoder.layer_norm."),
      ("positional_embedding", "embed_positions.weight"),
      ("token_embedding", "embed_tokens"), (".blocks.", ".layers."),
      (".mlp_ln.", ".final_layer_norm."), (".mlp.0.", ".fc1."),
      (".mlp.2.", ".fc2."), (".cross_attn_ln.", ".encoder_attn_layer_norm."),
      (".attn_ln.", ".self_attn_layer_norm."),
      (".cross_attn.", ".encoder_attn."), (".attn.", ".self_attn."),
      (".query.", ".q_proj."), (".key.", ".k_proj."), (".value.", ".v_proj."),
      (".out.", ".out_proj."))


def huggingface(state):
    out = {}
    for name, value in state.items():
        for ours, theirs in HF:
            name = name.replace(ours, theirs)
        out["model." + name] = mx.array(value)
    return out


def make_named(out):
    """As few numbers as a decoder with the layers and heads of tiny.en has."""
    dims = dict(DIMS, n_audio_state=6, n_text_state=6, n_text_head=6,
                n_text_layer=4)
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**dims))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    torch.save({"dims": dims, "model_state_dict": model.half().state_dict()},
               folder(out, "openai") / "tiny.en.pt")


def make_whisper(root):
    """One toy model in every layout."""
    torch.manual_seed(1)
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**DIMS))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    tensors = model.state_dict()
    out = folder(root, "whisper")
    torch.save({"dims": DIMS, "model_state_dict": tensors}, out / "toy.pt")
    state = {k: v.numpy() for k, v in tensors.items()}
    make_named(out)

    hf = huggingface(state)
    names = sorted(hf)
    shards = {"model-00001-of-00002.safetensors": names[::2],
              "model-00002-of-00002.safetensors": names[1::2]}
    where = folder(out, "transformers")
    for file, held in shards.items():
        mx.save_safetensors(str(where / file), {k: hf[k] for k in held},
                            metadata={"format": "pt"})
    (where / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {}, "weight_map": {
            k: f for f, held in shards.items() for k in held}}))
    (where / "config.json").write_text(json.dumps(
        {"model_type": "whisper", "d_model": 4, "num_mel_bins": 4,
         "encoder_layers": 1, "decoder_layers": 2,
         "encoder_attention_heads": 2, "decoder_attention_heads": 2,
         "max_source_positions": 6, "max_target_positions": 5,
         "vocab_size": 10}))
    (where / "generation_config.json").write_text(
        json.dumps({"alignment_heads": HEADS}))

    where = folder(out, "mlx")
    mlx = Model(MlxDims(**DIMS), mx.float32).sanitize(dict(hf))
    mx.savez(str(where / "weights.npz"), **mlx)
    (where / "config.json").write_text(json.dumps(
        {"model_type": "whisper", **DIMS, "alignment_heads": HEADS}))

    where = folder(out, "ctranslate2")
    (where / "model.bin").write_bytes(ctranslate2(
        fused(state), {"decoder/projection/weight":
                       "decoder/embeddings/weight"}))
    (where / "config.json").write_text(json.dumps({"alignment_heads": HEADS}))


def main(argv):
    if len(argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    root = pathlib.Path(argv[1])
    for make in (make_safetensors, make_npz, make_torch, make_parts,
                 make_ctranslate2, make_whisper):
        make(root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
