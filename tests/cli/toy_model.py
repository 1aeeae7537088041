# SPDX-License-Identifier: MIT
"""Checkpoints with Whisper's shape and tiny random weights.

Their text is nonsense, but always the same nonsense, in a moment. Made once
for each run of the tests.
"""

import atexit
import functools
import json
import math
import os
import pathlib
import random
import shutil
import struct
import tempfile

STATE = 16
HEADS = 2
LAYERS = 1
TEXT_CTX = 448
ENGLISH, MULTILINGUAL = 51864, 51865


@functools.lru_cache(maxsize=None)
def _root():
    folder = tempfile.mkdtemp(prefix="mlx-audio-toy-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)


def dims(n_vocab=ENGLISH):
    return {
        "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": STATE,
        "n_audio_head": HEADS, "n_audio_layer": LAYERS, "n_vocab": n_vocab,
        "n_text_ctx": TEXT_CTX, "n_text_state": STATE, "n_text_head": HEADS,
        "n_text_layer": LAYERS,
    }


def shapes(n_vocab=ENGLISH):
    """Name and shape of each tensor, in the MLX reference's layout."""
    out = {}

    def linear(at, rows, columns, bias=True):
        out[f"{at}.weight"] = (rows, columns)
        if bias:
            out[f"{at}.bias"] = (rows,)

    def norm(at):
        out[f"{at}.weight"] = out[f"{at}.bias"] = (STATE,)

    def attention(at):
        linear(f"{at}.query", STATE, STATE)
        linear(f"{at}.key", STATE, STATE, bias=False)
        linear(f"{at}.value", STATE, STATE)
        linear(f"{at}.out", STATE, STATE)
        norm(f"{at}_ln")

    def block(at, cross):
        attention(f"{at}.attn")
        if cross:
            attention(f"{at}.cross_attn")
        linear(f"{at}.mlp1", 4 * STATE, STATE)
        linear(f"{at}.mlp2", STATE, 4 * STATE)
        norm(f"{at}.mlp_ln")

    out["encoder.conv1.weight"] = (STATE, 3, 80)
    out["encoder.conv1.bias"] = (STATE,)
    out["encoder.conv2.weight"] = (STATE, 3, STATE)
    out["encoder.conv2.bias"] = (STATE,)
    for i in range(LAYERS):
        block(f"encoder.blocks.{i}", cross=False)
    norm("encoder.ln_post")
    out["decoder.token_embedding.weight"] = (n_vocab, STATE)
    out["decoder.positional_embedding"] = (TEXT_CTX, STATE)
    for i in range(LAYERS):
        block(f"decoder.blocks.{i}", cross=True)
    norm("decoder.ln")
    return out


def weights(n_vocab=ENGLISH, seed=7):
    """Name -> (shape, bytes of f16)."""
    rng = random.Random(seed)
    pool = [rng.gauss(0, 0.3) for _ in range(4099)]
    out = {}
    for name, shape in shapes(n_vocab).items():
        size = math.prod(shape)
        if name.endswith("ln.weight") or name.endswith("ln_post.weight"):
            data = struct.pack("<e", 1.0) * size
        else:
            start = rng.randrange(len(pool))
            step = rng.choice([1, 7, 1009])
            data = b"".join(
                struct.pack("<e", pool[(start + i * step) % len(pool)])
                for i in range(len(pool)))
            data = (data * (size // len(pool) + 1))[:2 * size]
        out[name] = (shape, data)
    return out


def quantized_weights(bits, group_size, n_vocab=ENGLISH):
    """Its widest layers, whose inputs make groups, in MLX's quantization."""
    out = weights(n_vocab)
    rng = random.Random(3)
    for name, shape in shapes(n_vocab).items():
        if not name.endswith(".mlp2.weight"):
            continue
        rows, columns = shape
        words, groups = columns * bits // 32, columns // group_size
        out[name] = (rows, words), rng.randbytes(4 * rows * words), "U32"
        layer = name.removesuffix(".weight")
        scale = 0.5 / (2 ** bits - 1)
        for kind, number in (("scales", scale), ("biases", -0.25)):
            data = struct.pack("<e", number) * (rows * groups)
            out[f"{layer}.{kind}"] = (rows, groups), data
    return out


def quantization(bits, group_size):
    """What config.json says of it."""
    return {"quantization": {"group_size": group_size, "bits": bits}}


def safetensors(tensors):
    """A tensor is its shape and bytes, and its type unless that is F16."""
    header, at = {}, 0
    for name, (shape, data, *dtype) in tensors.items():
        header[name] = {"dtype": dtype[0] if dtype else "F16",
                        "shape": list(shape),
                        "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(
        data for _, data, *_ in tensors.values())


def write(folder, tensors=None, config=None, n_vocab=ENGLISH):
    """A folder in MLX's layout."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(
        json.dumps(dims(n_vocab) if config is None else config), "utf-8")
    (folder / "model.safetensors").write_bytes(
        safetensors(weights(n_vocab) if tensors is None else tensors))
    return folder


@functools.lru_cache(maxsize=None)
def english():
    return write(_root() / "english")


@functools.lru_cache(maxsize=None)
def multilingual():
    return write(_root() / "multilingual", n_vocab=MULTILINGUAL)


def copy(folder):
    """A copy of the English one, for a test to damage."""
    return pathlib.Path(shutil.copytree(english(), folder))


if __name__ == "__main__":
    import sys
    print(write(sys.argv[1], n_vocab=int(os.environ.get("N_VOCAB", ENGLISH))))
