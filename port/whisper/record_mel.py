# SPDX-License-Identifier: MIT
"""Records openai-whisper's log-mel spectrogram, in float64 and as it is.

    python port/whisper/record_mel.py

writes tests/golden/whisper/mel.json: the hashes of the tables of mel filters,
and for each sound the float64 values at seeded positions, the float32 values at
the same ones, and the error of float32 over the whole spectrogram. The test
src/models/whisper/audio_test.cpp makes the same sounds and holds the port to at
most twice the reference's own error.
"""

import hashlib
import json
from unittest import mock

import numpy as np
import torch
from whisper import audio as reference

import record_inputs

GOLDEN = record_inputs.ROOT / "tests/golden/whisper/mel.json"
POSITIONS = 160
N = 33337


def sounds():
    """16-bit samples by name, each from integers alone."""
    i = np.arange(N)
    noise = record_inputs.noise(N, seed=1, shift=0)
    return {
        "noise": noise,
        # Loud and nearly silent by turns: the floor of the whole file matters.
        "turns": np.where(i // 4000 % 2 == 0, noise >> 1, noise >> 14),
        "square": np.where(i // 40 % 2 == 0, 8000, -8000),
        "impulses": np.where(i % 1000 == 500, 20000, 0),
    }


def log_mel(samples, n_mels, padding, dtype):
    """The reference's own function, with every number in `dtype`; the table of
    filters keeps its float32 values."""
    torch.set_default_dtype(dtype)
    filters = reference.mel_filters
    try:
        with mock.patch.object(
            reference, "mel_filters", lambda *args: filters(*args).to(dtype)
        ):
            audio = torch.from_numpy(samples.copy()).to(dtype) / 32768
            return reference.log_mel_spectrogram(audio, n_mels, padding).double()
    finally:
        torch.set_default_dtype(torch.float32)


def record(name, samples, n_mels, padding):
    exact = log_mel(samples, n_mels, padding, torch.float64).T
    single = log_mel(samples, n_mels, padding, torch.float32).T
    error = single - exact
    random = np.random.default_rng(20250625)
    # Half anywhere, half where the sound is.
    content = len(samples) // reference.HOP_LENGTH
    half = POSITIONS // 2
    frames = np.concatenate(
        [
            random.integers(0, exact.shape[0], half),
            random.integers(0, content, half),
            [0, min(content, exact.shape[0] - 1), exact.shape[0] - 1],
        ]
    )
    bands = random.integers(0, n_mels, len(frames))
    return {
        "name": name,
        "n_mels": n_mels,
        "padding": padding,
        "n_samples": len(samples),
        "sum_of_squares": int((samples.astype(np.int64) ** 2).sum()),
        "n_frames": exact.shape[0],
        "float32_error": {
            "max": error.abs().max().item(),
            "rms": error.square().mean().sqrt().item(),
        },
        "frames": frames.tolist(),
        "bands": bands.tolist(),
        "float64": exact[frames, bands].tolist(),
        "float32": single[frames, bands].tolist(),
    }


def main():
    sounds_by_name = {name: s.astype(np.int16) for name, s in sounds().items()}
    clips = {
        "jfk": record_inputs.SHARED / "jfk.wav",
        "librivox-0870": record_inputs.DEBIAN
        / "librivox/sense_and_sensibility_01_austen_64kb-0870.wav",
    }
    for name, path in clips.items():
        sounds_by_name[name] = record_inputs.read_file(path)
    cases = []
    for name, samples in sounds_by_name.items():
        cases.append(record(name, samples, 80, reference.N_SAMPLES))
    cases.append(record("turns", sounds_by_name["turns"], 128, reference.N_SAMPLES))
    cases.append(record("jfk", sounds_by_name["jfk"], 128, reference.N_SAMPLES))
    cases.append(record("noise", sounds_by_name["noise"], 80, 0))
    filters = {
        str(n): hashlib.sha256(reference.mel_filters("cpu", n).numpy().tobytes()).hexdigest()
        for n in (80, 128)
    }
    document = {"filters_sha256": filters, "cases": cases}
    GOLDEN.write_text(json.dumps(document, indent=None, separators=(",", ":")) + "\n")
    for case in cases:
        print(case["name"], case["n_mels"], case["padding"], case["float32_error"])


if __name__ == "__main__":
    main()
