# SPDX-License-Identifier: MIT
"""openai-whisper on PyTorch; see protocol.py."""

import protocol
import torch
import whisper

given = protocol.options()
torch.set_num_threads(given.threads)
model = whisper.load_model(given.model, device="cpu")
asked = {"language": "en", "temperature": 0.0, "beam_size": given.beam or None, "fp16": False, "verbose": None}
settings = {k: v for k, v in asked.items() if k != "verbose"}


def transcribe(take):
    # It gives its segments at the end, all at once.
    result = model.transcribe(given.clip, **asked)
    for segment in result["segments"]:
        take(segment["text"].strip())
    return sum(len(segment["tokens"]) for segment in result["segments"])


protocol.answer(given, transcribe, settings)
