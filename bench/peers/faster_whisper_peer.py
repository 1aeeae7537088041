# SPDX-License-Identifier: MIT
"""faster-whisper; see protocol.py."""

import inspect

import protocol
from faster_whisper import WhisperModel

given = protocol.options(["--compute"])
model = WhisperModel(given.model, device="cpu", compute_type=given.compute, cpu_threads=given.threads)
asked = {"language": "en", "beam_size": given.beam or 1, "best_of": 1, "temperature": 0.0}
SHOWN = ("patience", "length_penalty", "condition_on_previous_text", "compression_ratio_threshold",
         "log_prob_threshold", "no_speech_threshold", "without_timestamps", "vad_filter")  # fmt: skip
defaults = inspect.signature(model.transcribe).parameters
settings = {"compute_type": given.compute, **asked, **{k: defaults[k].default for k in SHOWN}}


def transcribe(take):
    tokens = 0
    segments, _ = model.transcribe(given.clip, **asked)
    for segment in segments:
        tokens += len(segment.tokens)
        take(segment.text.strip())
    return tokens


protocol.answer(given, transcribe, settings)
