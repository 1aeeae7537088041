# SPDX-License-Identifier: MIT
"""Calls of transcribe.py and of what is used in it."""

import sys

from portproof_trace import Near, Random, seed_of

import whisper.transcribe  # noqa: F401: a function of this name hides the module

from . import fallback
from .common import SPEAKER, TORCH, component, speaker

transcribe_module = sys.modules["whisper.transcribe"]


def transcription(r):
    segments = []
    for s in r["segments"]:
        s = {k: s[k] for k in (
            "id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob",
            "compression_ratio", "no_speech_prob",
        )}
        s["avg_logprob"] = Near(s["avg_logprob"])
        s["no_speech_prob"] = Near(s["no_speech_prob"])
        segments.append(s)
    return {"text": r["text"], "segments": segments, "language": r["language"]}


@component("whisper.transcribe.transcribe")
def _(calls, name):
    seconds = {"short": 3, "window": 30, "long": 65}
    cases = {
        "short": ("short", {"language": "en"}),
        "window": ("window", {"language": "en"}),
        "long": ("long", {"language": "en"}),
        "detected": ("short", {}),
        "translate": ("short", {"language": "fr", "task": "translate"}),
        "prompt": ("long", {"language": "en", "initial_prompt": "Previously, on the radio."}),
        "forget": ("long", {"language": "en", "forget_previous_text": True}),
        "no-timestamps": ("long", {"language": "en", "without_timestamps": True}),
        "silence": ("long", {"language": "en", "no_speech_threshold": 0.0, "logprob_threshold": 0.0}),
    }
    for id, (length, given) in cases.items():
        t, w = speaker(SPEAKER)
        sound = Random(seed_of(length), [seconds[length] * 16000 + 77], 0.25)
        o = {"sample_len": 20, **given}
        args = {"weights": w, "dims": SPEAKER, "audio": sound, **o}
        forget = o.pop("forget_previous_text", False)
        r = transcribe_module.transcribe(
            t, sound.value, temperature=0.0, fp16=False, condition_on_previous_text=not forget, **o
        )
        calls.add(id, TORCH, args, transcription(r))
    fallback.add(calls, transcription)
