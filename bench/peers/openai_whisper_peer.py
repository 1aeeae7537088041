# SPDX-License-Identifier: MIT
"""openai-whisper on PyTorch; see protocol.py."""

import wave

import numpy as np
import protocol
import torch
import whisper

given = protocol.options()
torch.set_num_threads(given.threads)
model = whisper.load_model(given.model, device="cpu")
asked = {"language": "en", "temperature": 0.0, "beam_size": given.beam or None, "fp16": False, "verbose": None}
settings = {k: v for k, v in asked.items() if k != "verbose"}


def samples(path):
    """Those of its load_audio, which would need ffmpeg: the clips are of 16 kHz, 16 bit, mono."""
    with wave.open(path) as f:
        return np.frombuffer(f.readframes(f.getnframes()), np.int16).astype(np.float32) / 32768


def transcribe(take):
    # It gives its segments at the end, all at once.
    result = model.transcribe(samples(given.clip), **asked)
    for segment in result["segments"]:
        take(segment["text"].strip())
    return sum(len(segment["tokens"]) for segment in result["segments"])


protocol.answer(given, transcribe, settings)
