# SPDX-License-Identifier: MIT
"""Records openai-whisper at the real dimensions of every size, on weights
that a test can make again.

    python port/whisper/record_sizes.py

writes tests/golden/whisper/sizes.json. Most sizes have no packaged weights,
so these are pseudo-random: integers from a hash of the parameter's name and
the place in it, scaled by powers of two and exact in float16. What is kept is
the encoder's output for a pseudo-random spectrogram and the decoder's logits
for a few tokens: values at seeded positions, norms and the most likely
tokens. large-v3 needs about 8 GB of memory and some minutes.
"""

import argparse
import gc
import json
import math
from pathlib import Path

import numpy as np
import torch
import whisper
from whisper.model import ModelDimensions, Whisper

import record_inputs

POSITIONS = 100
# mels, state, heads, encoder layers, decoder layers, vocabulary
SIZES = {
    "tiny.en": (80, 384, 6, 4, 4, 51864),
    "tiny": (80, 384, 6, 4, 4, 51865),
    "base.en": (80, 512, 8, 6, 6, 51864),
    "base": (80, 512, 8, 6, 6, 51865),
    "small.en": (80, 768, 12, 12, 12, 51864),
    "small": (80, 768, 12, 12, 12, 51865),
    "medium.en": (80, 1024, 16, 24, 24, 51864),
    "medium": (80, 1024, 16, 24, 24, 51865),
    "large-v1": (80, 1280, 20, 32, 32, 51865),
    "large-v2": (80, 1280, 20, 32, 32, 51865),
    "large-v3": (128, 1280, 20, 32, 32, 51866),
    "large-v3-turbo": (128, 1280, 20, 32, 4, 51866),
    "distil-small.en": (80, 768, 12, 12, 4, 51864),
    "distil-medium.en": (80, 1024, 16, 24, 2, 51864),
    "distil-large-v2": (80, 1280, 20, 32, 2, 51865),
    "distil-large-v3": (128, 1280, 20, 32, 2, 51866),
    "distil-large-v3.5": (128, 1280, 20, 32, 2, 51866),
}


def dimensions(name):
    mels, state, heads, encoder, decoder, vocabulary = SIZES[name]
    return ModelDimensions(mels, 1500, state, heads, encoder, vocabulary, 448, state, heads, decoder)


def integers(name, count):
    """In [-1024, 1024): bits of a 32-bit mix of index and name (FNV-1a)."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = np.arange(count, dtype=np.uint32)
    x *= np.uint32(0x9E3779B1)
    x += np.uint32(seed)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    x >>= np.uint32(21)
    return x.astype(np.int32) - 1024


def weight(name, shape):
    """A parameter by MLX's name and in MLX's layout, as float32."""
    v = integers(name, math.prod(shape)).reshape(shape)
    if name.endswith((".weight", "embedding")) and len(shape) > 1:
        if "embedding" in name:
            return v * np.float32(2.0**-14)
        fan_in = math.prod(shape[1:])
        return v * np.float32(2.0 ** -(10 + round(0.5 * math.log2(fan_in / 3))))
    if name.endswith(".weight"):  # of a layer norm
        return 1 + (v >> 4) * np.float32(2.0**-10)
    return v * np.float32(2.0**-15)


def build(dims):
    # On the meta device nothing is initialised, and nothing made sparse.
    to_sparse = torch.Tensor.to_sparse
    torch.Tensor.to_sparse = lambda self: self
    try:
        with torch.device("meta"):
            model = Whisper(dims)
    finally:
        torch.Tensor.to_sparse = to_sparse
    state = {}
    for name, value in model.state_dict().items():
        shape = tuple(value.shape)
        ours = name.replace(".mlp.0.", ".mlp1.").replace(".mlp.2.", ".mlp2.")
        if len(shape) == 3:  # a convolution, [out, in, kernel] here
            array = weight(ours, (shape[0], shape[2], shape[1])).transpose(0, 2, 1)
        else:
            array = weight(ours, shape)
        state[name] = torch.from_numpy(np.ascontiguousarray(array, np.float32))
    model.load_state_dict(state, assign=True)
    # Buffers that are not saved are still on the meta device.
    context = dims.n_text_ctx
    model.decoder.mask = torch.empty(context, context).fill_(-np.inf).triu_(1)
    model.alignment_heads = torch.zeros(dims.n_text_layer, dims.n_text_head, dtype=torch.bool).to_sparse()
    return model.eval()


def sample(values, seed):
    flat = values.flatten().double().numpy()
    positions = np.sort(np.random.default_rng(seed).choice(flat.size, POSITIONS, replace=False))
    return {
        "shape": list(values.shape),
        "l2": float(np.linalg.norm(flat)),
        "positions": positions.tolist(),
        "values": [float(f"{v:.9g}") for v in flat[positions]],
    }


def record(name):
    dims = dimensions(name)
    model = build(dims)
    mel = torch.from_numpy(integers("mel", 3000 * dims.n_mels).reshape(3000, dims.n_mels) * np.float32(2.0**-10))
    tokenizer = whisper.tokenizer.get_tokenizer(
        model.is_multilingual, num_languages=model.num_languages, language="en", task="transcribe"
    )
    tokens = [*tokenizer.sot_sequence_including_notimestamps, 1, 20, 300, 4000]
    encoded = model.encoder(mel.T[None])
    logits = model.decoder(torch.tensor([tokens]), encoded)
    result = {
        "dims": vars(dims),
        "tokens": tokens,
        "encoder": sample(encoded[0], 1),
        "logits": sample(logits[0], 2),
        "argmax": logits[0].argmax(dim=-1).tolist(),
    }
    best = logits[0].topk(2, dim=-1).values
    print(name, "norms", result["encoder"]["l2"], result["logits"]["l2"], "margin", (best[:, 0] - best[:, 1]).min().item(), flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="sizes to record anew, all by default")
    parser.add_argument("--output", type=Path, default=record_inputs.ROOT / "tests/golden/whisper/sizes.json")
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    sizes = json.loads(options.output.read_text())["sizes"] if options.output.exists() else {}
    for name in options.names or SIZES:
        sizes[name] = record(name)
        gc.collect()
        report = {
            "recorded_by": "port/whisper/record_sizes.py",
            "reference": {"package": "openai-whisper", "version": whisper.__version__, "torch": torch.__version__},
            "sizes": {n: sizes[n] for n in SIZES if n in sizes},
        }
        options.output.write_text(json.dumps(report, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
