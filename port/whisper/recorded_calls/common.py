# SPDX-License-Identifier: MIT
"""What the calls of several components share."""

import mlx.core as mx
import numpy as np
import torch
from mlx.utils import tree_flatten
from mlx_audio.stt.models.whisper import whisper as ma
from portproof_trace import Random, seed_of

from whisper import model, tokenizer

mx.set_default_device(mx.cpu)
torch.set_num_threads(1)
torch.set_grad_enabled(False)

MLX = "mlx"
TORCH = "torch"

REGISTERED = []


def component(*names):
    """Marks a function that records the calls of these components."""

    def register(function):
        REGISTERED.append((names, function))
        return function

    return register


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


# --- tokenizers --------------------------------------------------------------------

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


# --- a model that talks ------------------------------------------------------------

# A model with the real vocabulary and context that is small in every other way.
SPEAKER = {
    "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": 16, "n_audio_head": 2,
    "n_audio_layer": 1, "n_vocab": 51865, "n_text_ctx": 448, "n_text_state": 16,
    "n_text_head": 2, "n_text_layer": 1,
}
ENGLISH = {**SPEAKER, "n_vocab": 51864}
_speakers = {}


def speaker(dims, name="speaker", gain=4.0):
    """The model and its weights; without the hooks of a call that raised."""
    key = (name, dims["n_vocab"])
    if key not in _speakers:
        m = ma.Model(ma.ModelDimensions(**dims), dtype=mx.float32)
        w = weights_of(m, f"{name}{dims['n_vocab']}", gain)
        t = load_torch(model.Whisper(model.ModelDimensions(**dims)), w)
        _speakers[key] = (t, w)
    t, w = _speakers[key]
    # find_alignment() and decode() take theirs off at their end only, so one
    # that raises leaves them behind, where they change what is called next.
    for module in t.modules():
        module._forward_hooks.clear()
    return t, w


def mel_of(name, batch):
    return own([batch, 3000, 80], name, 1.0)
