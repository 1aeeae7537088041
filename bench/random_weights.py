# SPDX-License-Identifier: MIT
"""Makes a CTranslate2 folder with large-v3's encoder in pseudo-random weights.

    python bench/random_weights.py OUTPUT

Needs numpy. Names and types are those of the packaged base; the decoder has
one layer, since only the encoder is timed. How long a product takes does not
depend on its numbers.
"""

import json
import re
import shutil
import struct
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "port/whisper"))
import checkpoint

LAYERS = {"encoder": 32, "decoder": 1}
HEADS = 20
# Extents of base and what large-v3 has in their place.
EXTENTS = {512: 1280, 1024: 2560, 1536: 3840, 2048: 5120, 80: 128}
CODES = {np.dtype(kind): code for code, kind in checkpoint.DTYPES.items()}
LAYER = re.compile(r"(encoder|decoder)/layer_(\d+)/(.*)")


def names(arrays):
    """(name, name of the array in base that it is shaped after)"""
    for name in arrays:
        layer = LAYER.fullmatch(name)
        if not layer:
            yield name, name
        elif layer[2] == "0":
            for i in range(LAYERS[layer[1]]):
                yield f"{layer[1]}/layer_{i}/{layer[3]}", name


def like(name, array, rng):
    """An array of large-v3's shape for one of base's."""
    if name.endswith("/num_heads"):
        return np.full_like(array, HEADS)
    if array.dtype.kind != "f" or array.size == 1:
        return array
    shape = tuple(EXTENTS.get(n, n) for n in array.shape)
    if name.endswith("/gamma"):
        return np.ones(shape, array.dtype)
    if name.endswith("/bias"):
        return np.zeros(shape, array.dtype)  # those of keys have to be 0
    return (0.02 * rng.standard_normal(shape, np.float32)).astype(array.dtype)


def string(text):
    data = text.encode() + b"\0"
    return struct.pack("<H", len(data)) + data


def write(output):
    data, config = checkpoint.read_source("base")
    arrays = checkpoint.parse_model_bin(data)
    revision = struct.unpack_from("<I", data, 4 + 2 + struct.unpack_from("<H", data, 4)[0])[0]
    rng = np.random.default_rng(1)
    listed = [(new, old) for new, old in names(arrays) if old != "decoder/projection/weight"]
    partial = output.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with open(partial / "model.bin", "wb") as f:
        f.write(struct.pack("<I", 6) + string("WhisperSpec") + struct.pack("<2I", revision, len(listed)))
        for new, old in listed:
            values = np.ascontiguousarray(like(old, arrays[old], rng))
            shape = values.shape if arrays[old].ndim else ()  # numpy has no contiguous scalars
            f.write(string(new) + struct.pack(f"<B{len(shape)}I", len(shape), *shape))
            f.write(struct.pack("<BI", CODES[values.dtype], values.nbytes) + values.tobytes())
        f.write(struct.pack("<I", 1) + string("decoder/projection/weight") + string("decoder/embeddings/weight"))
    (partial / "config.json").write_text(json.dumps({**config, "alignment_heads": [[0, 0]]}))
    source = checkpoint.CACHE / "weights/base"
    for name in ("tokenizer.json", "vocabulary.txt"):
        shutil.copy(source / name, partial / name)
    partial.rename(output)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
