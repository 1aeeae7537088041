# SPDX-License-Identifier: MIT
"""Calls of transcribe.py and of what is used in it."""

import sys

from portproof_trace import Near, Random, attempt, seed_of

import whisper.transcribe  # noqa: F401: a function of this name hides the module

from . import fallback
from .common import SPEAKER, TORCH, component, speaker

transcribe_module = sys.modules["whisper.transcribe"]


def transcription(r):
    segments = []
    for s in r["segments"]:
        words = s.get("words")
        s = {k: s[k] for k in (
            "id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob",
            "compression_ratio", "no_speech_prob",
        )}
        if words is not None:
            s["words"] = [{**w, "probability": Near(w["probability"])} for w in words]
        s["avg_logprob"] = Near(s["avg_logprob"])
        s["no_speech_prob"] = Near(s["no_speech_prob"])
        segments.append(s)
    return {"text": r["text"], "segments": segments, "language": r["language"]}


WORDS = {
    "short": ("short", {}),
    "long": ("long", {}),
    "detected": ("short", {"language": None}),
    "japanese": ("short", {"language": "ja"}),
    "translate": ("short", {"language": "fr", "task": "translate"}),
    "forget": ("long", {"forget_previous_text": True, "sample_len": 40}),
    "no-timestamps": ("long", {"without_timestamps": True}),
    "marks": ("short", {"prepend_punctuations": "", "append_punctuations": "", "sample_len": 60}),
    "prompt": ("long", {"initial_prompt": "Previously, on the radio."}),
    "clips": ("long", {"clip_timestamps": [2.5, 10.0, 40.0]}),
    **{f"skip-{t}": ("long", {"hallucination_silence_threshold": t, "sample_len": 30}) for t in (0.25, 1.0, 4.0)},
    "skip-clips": ("long", {"hallucination_silence_threshold": 0.5, "clip_timestamps": [1.0, 20.0, 21.0, 60.0]}),
}
# Halves of a frame, clips of no length, none at all, and what is no time.
CLIPS = {
    "from": [20.0], "one": [3.0, 7.5], "several": [0.0, 31.0, 31.0, 40.0, 50.0], "halves": [0.005, 0.015, 30.025, 30.035],
    "empty": [5.0, 5.0, 6.0, 6.5], "none": [], "nan": [float("nan")], "all": [0.0, 65.0],
}


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
        "suppress-nothing": ("short", {"language": "en", "suppress_tokens": []}),
        "keep-blank": ("short", {"language": "en", "suppress_blank": False}),
        "initial": ("short", {"language": "en", "max_initial_timestamp": 0.03}),
        "silence": ("long", {"language": "en", "no_speech_threshold": 0.0, "logprob_threshold": 0.0}),
        **{f"words-{id}": (length, {"language": "en", "word_timestamps": True, **o}) for id, (length, o) in WORDS.items()},
        **{f"clips-{id}": ("long", {"language": "en", "clip_timestamps": t}) for id, t in CLIPS.items()},
        "carry": ("long", {"language": "en", "initial_prompt": "Previously, on the radio.", "carry_initial_prompt": True}),
        "carry-forget": ("long", {
            "language": "en", "initial_prompt": "Before.", "carry_initial_prompt": True, "forget_previous_text": True,
        }),
        # As long as a prompt may be, and longer.
        **{f"carry-{n}": ("long", {
            "language": "en", "initial_prompt": "on " * n, "carry_initial_prompt": True, "sample_len": 60,
        }) for n in (190, 223, 224, 240, 400)},
        "carry-nothing": ("long", {"language": "en", "carry_initial_prompt": True}),
    }
    for id, (length, given) in cases.items():
        t, w = speaker(SPEAKER)
        sound = Random(seed_of(length), [seconds[length] * 16000 + 77], 0.25)
        o = {"sample_len": 20, **given}
        if o.get("language", "") is None:
            del o["language"]
        args = {"weights": w, "dims": SPEAKER, "audio": sound, **o}
        forget = o.pop("forget_previous_text", False)
        calls.add(id, TORCH, args, attempt(lambda: transcription(transcribe_module.transcribe(
            t, sound.value, temperature=0.0, fp16=False, condition_on_previous_text=not forget, **o
        ))))
    fallback.add(calls, transcription)
