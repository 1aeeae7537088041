# SPDX-License-Identifier: MIT
"""Makes a whisper.cpp model file (ggml) of the packaged weights, so that the
peers which read that format run on the same numbers.

    python bench/ggml_file.py NAME OUTPUT [f16|q8_0]

Needs numpy. Matrices and convolutions are f16 as packaged; biases, norms and
position tables f32, as whisper.cpp's own converter leaves them. In q8_0 the
matrices are 8 bit with a scale for each 32 weights, as its quantizer makes
them.
"""

import base64
import struct
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "port/whisper"))
import checkpoint

F32, F16, Q8_0 = 0, 1, 8
BLOCK = 32
# What a file says it mostly holds: ggml's number of it, and for 8 bit the
# version of the format times 1000.
FILE_TYPE = {"f16": 1, "q8_0": 2007}
DIMS = (
    "n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer",
    "n_text_ctx", "n_text_state", "n_text_head", "n_text_layer", "n_mels",
)  # fmt: skip


def vocabulary(n_vocab):
    """Byte strings of the ordinary tokens by id; special ones are implied."""
    name = "multilingual" if n_vocab >= 51865 else "gpt2"
    lines = (checkpoint.CACHE / "vocab" / f"{name}.tiktoken").read_text().splitlines()
    tokens = [None] * len(lines)
    for line in lines:
        token, rank = line.split()
        tokens[int(rank)] = base64.b64decode(token)
    return tokens


def q8_0(values):
    """Blocks of a scale (f16) and as many bytes as it is of."""
    blocks = values.astype("<f4").reshape(-1, BLOCK)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    scaled = blocks * np.where(scale == 0, np.float32(0), 1 / np.where(scale == 0, np.float32(1), scale))
    # Halves away from zero, as C's roundf().
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype("i1")
    out = np.empty(len(blocks), [("scale", "<f2"), ("values", "i1", BLOCK)])
    out["scale"], out["values"] = scale[:, 0], rounded
    return out.tobytes()


def tensor(name, values, kind="f16"):
    if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        values = values.reshape(-1, 1)
    small = values.ndim < 2 or values.shape[-1] == 1 or name.endswith("positional_embedding")
    in_blocks = kind == "q8_0" and not small and values.ndim == 2
    values = np.ascontiguousarray(values, "<f4" if small or in_blocks else "<f2")
    encoded = name.encode()
    head = struct.pack("<3i", values.ndim, len(encoded), F32 if small else Q8_0 if in_blocks else F16)
    data = q8_0(values) if in_blocks else values.tobytes()
    return head + struct.pack(f"<{values.ndim}i", *reversed(values.shape)) + encoded + data


def write(name, output, kind="f16"):
    data, _ = checkpoint.read_source(name)
    dims, weights = checkpoint.to_openai(checkpoint.parse_model_bin(data))
    filters = np.load(checkpoint.CACHE / "vocab/mel_filters.npz")[f"mel_{dims['n_mels']}"]
    tokens = vocabulary(dims["n_vocab"])
    partial = output.with_suffix(".partial")
    with open(partial, "wb") as f:
        f.write(struct.pack("<I", 0x67676D6C) + struct.pack("<11i", *(dims[d] for d in DIMS), FILE_TYPE[kind]))
        f.write(struct.pack("<2i", *filters.shape) + filters.astype("<f4").tobytes())
        f.write(struct.pack("<i", len(tokens)))
        for token in tokens:
            f.write(struct.pack("<i", len(token)) + token)
        for key, values in weights.items():
            f.write(tensor(key, values, kind))
    partial.replace(output)


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:4])
